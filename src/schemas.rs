//! The JSON Schemas of everything that travels.
