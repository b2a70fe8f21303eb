//! Progress on long work, on standard error, and only where a person looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;

/// A bar.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// One of so many steps; hidden where a program reads, or standard error is no terminal.
    pub(crate) fn bar(of_what: &'static str, steps: u64, hidden: bool) -> Self {
        let bar = ProgressBar::new(steps);
        if hidden {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = format!("  {{bar:40}} {{pos}}/{{len}} {of_what}  {{msg}}  {{elapsed}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// What is being done now.
    pub(crate) fn say(&self, what: impl Display) {
        self.0.set_message(what.to_string());
    }

    /// One step further.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// So far.
    pub(crate) fn at(&self, position: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(position);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
