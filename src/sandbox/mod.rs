//! An embedded stand-in for the target: its API, its quotas and its faults.
