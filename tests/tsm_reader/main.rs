//! The native reader of 1.x files, against files of real servers, hand-made files, and files encoded here.

mod blocks;
mod encode;
