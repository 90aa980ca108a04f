//! PURE. What is told to whom once an order is agreed: one file for each kind of message.
