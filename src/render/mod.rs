//! Values to text. Decides nothing about I/O.
