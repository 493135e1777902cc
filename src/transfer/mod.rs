//! Moves the data of one retention policy into one bucket.
