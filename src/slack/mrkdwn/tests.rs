//! User text stays text, and cutting it never breaks it.
