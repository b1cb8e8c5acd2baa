//! Balefire, the outage desk. ARCHITECTURE.md is the map of these rooms.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod directory;
pub mod domain;
pub mod health;
pub mod jobs;
pub mod outbox;
pub mod sandbox;
pub mod signals;
pub mod slack;
pub mod store;
pub mod telemetry;
