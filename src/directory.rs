//! Who is in groups that are kept elsewhere, read over the network. What a list changes here is
//! decided elsewhere: this room only says who is on it, or why that is not known.

pub mod google;
