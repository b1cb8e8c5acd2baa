//! Every view as Slack gets it, and at its limits.
