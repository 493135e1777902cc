//! The edges between steps, and why each is there.
