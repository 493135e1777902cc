//! The codes of what can go wrong while 1.x files are read.

use crate::model::Code;

pub static ALL: &[&Code] = &[];
