//! Tests of the whole room over HTTP, with a small app of their own.
