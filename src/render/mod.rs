//! What is drawn: geometry, colour, picking. No browser.
