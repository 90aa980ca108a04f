//! The store port, its adapters, and the blobs.
