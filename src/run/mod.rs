//! What outlives a process: events, journal, resume, lock.
