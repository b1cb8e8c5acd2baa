//! Balefire, the outage desk. ARCHITECTURE.md is the map of these rooms.

pub mod clock;
pub mod desk;
pub mod domain;
pub mod slack;
pub mod store;
