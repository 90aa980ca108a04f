//! Bytes to drafts: mail, sheets and text become pages of lines and cells, and one reader finds the order in them.
