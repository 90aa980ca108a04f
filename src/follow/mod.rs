//! PURE. Reports that come back, and the milestones they move.
