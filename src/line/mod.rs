//! Line protocol: a borrowed scanner with the server's own rules.
