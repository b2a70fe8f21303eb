//! The frame every program starts in: configuration, bind, serve, drain, health, reflection, telemetry.
