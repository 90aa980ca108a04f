//! The outlets, the only steps with effects outside: intent, effect, outcome.
