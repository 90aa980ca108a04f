//! PURE. Printed values to typed ones: numbers, dates, money, quantities with units, amounts in words.

pub mod date;
pub mod english;
pub mod hanzi;
pub mod money;
pub mod number;
pub mod text;
