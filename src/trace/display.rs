//! Derives what is shown of a token from its text.
