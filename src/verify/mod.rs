//! Compares both sides.
