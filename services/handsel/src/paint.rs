//! Colour, only where a terminal shows it: `anstream` strips it elsewhere.

use anstyle::{AnsiColor, Style};
use std::fmt::Display;

/// Emphasis.
pub(crate) fn bold(text: impl Display) -> String {
    paint(Style::new().bold(), text)
}

/// What matters less.
pub(crate) fn dim(text: impl Display) -> String {
    paint(Style::new().dimmed(), text)
}

/// What is as it should be.
pub(crate) fn good(text: impl Display) -> String {
    paint(AnsiColor::Green.on_default(), text)
}

/// What is not.
pub(crate) fn bad(text: impl Display) -> String {
    paint(AnsiColor::Red.on_default().bold(), text)
}

fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
