//! `gendan bench`: what an order costs, measured.
