//! What each is owed, exact to the cent, and how it is paid.
