//! Money that knows its currency and never mixes it, and the tax that goes with it.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// An ISO 4217 alphabetic code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const CNY: Self = Self(*b"CNY");
    pub const USD: Self = Self(*b"USD");

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the decimal point of the smallest coin (ISO 4217, minor unit).
    #[must_use]
    pub const fn minor_units(self) -> u32 {
        match &self.0 {
            b"JPY" | b"KRW" | b"VND" | b"CLP" | b"ISK" => 0,
            b"KWD" | b"BHD" | b"OMR" | b"JOD" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no currency code.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not an ISO 4217 currency code such as CNY or USD")]
pub struct NotACurrency(pub String);

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.as_str() {
            "RMB" => return Ok(Self::CNY),
            _ if upper.len() == 3 && upper.bytes().all(|b| b.is_ascii_uppercase()) => {}
            _ => return Err(NotACurrency(text.to_owned())),
        }
        let mut code = [0; 3];
        code.copy_from_slice(upper.as_bytes());
        Ok(Self(code))
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// An amount in one currency, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub amount: Decimal,
    pub currency: Currency,
}

/// Two amounts of different currencies can't be added or compared; or a sum is too large to be money.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MoneyError {
    #[error("{0} and {1} can't be added: convert one at a stated rate first")]
    Mixed(Currency, Currency),
    #[error("the amount is too large to be computed exactly")]
    Overflow,
}

impl Money {
    #[must_use]
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// The sum; refused for two currencies.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// Price × quantity, rounded half away from zero to the currency's smallest coin, as invoices are.
    pub fn times(self, quantity: Decimal) -> Result<Self, MoneyError> {
        let exact = self.amount.checked_mul(quantity).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount: round(exact, self.currency), ..self })
    }

    /// The sum of many amounts of one currency; zero of `currency` for none.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.amount)
    }
}

/// Rounds to the currency's smallest coin.
#[must_use]
pub fn round(amount: Decimal, currency: Currency) -> Decimal {
    amount.round_dp_with_strategy(currency.minor_units(), RoundingStrategy::MidpointAwayFromZero)
}

/// Whether prices hold the tax or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxBasis {
    /// Prices are without tax (不含税).
    Net,
    /// Prices hold the tax (含税).
    Gross,
}

/// Value-added tax and whom the invoice is made out to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// 0.13 for 13 %.
    pub rate: Decimal,
    pub basis: TaxBasis,
    /// Invoice title (发票抬头).
    pub title: Option<String>,
    /// Taxpayer number (税号).
    pub number: Option<String>,
}

impl Tax {
    /// Net and tax of an amount on this basis, each to the coin; together they are the gross.
    pub fn split(&self, money: Money) -> Result<(Money, Money), MoneyError> {
        let one_and_rate = Decimal::ONE.checked_add(self.rate).ok_or(MoneyError::Overflow)?;
        let net = match self.basis {
            TaxBasis::Net => money.amount,
            TaxBasis::Gross => {
                round(money.amount.checked_div(one_and_rate).ok_or(MoneyError::Overflow)?, money.currency)
            }
        };
        let tax = match self.basis {
            TaxBasis::Net => round(net.checked_mul(self.rate).ok_or(MoneyError::Overflow)?, money.currency),
            TaxBasis::Gross => money.amount - net,
        };
        Ok((Money::new(net, money.currency), Money::new(tax, money.currency)))
    }
}

/// Rates to the book currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub book: Currency,
    pub rates: BTreeMap<Currency, Decimal>,
}

impl Exchange {
    /// The amount in the book currency; none where there is no rate.
    #[must_use]
    pub fn in_book(&self, money: Money) -> Option<Decimal> {
        if money.currency == self.book {
            return Some(money.amount);
        }
        self.rates.get(&money.currency).and_then(|rate| money.amount.checked_mul(*rate))
    }

    /// What one of it is in the book currency; none where there is no rate.
    #[must_use]
    pub fn rate(&self, currency: Currency) -> Option<Decimal> {
        self.in_book(Money::new(Decimal::ONE, currency))
    }

    /// The amount in another currency, to its coin; none where a rate is missing.
    #[must_use]
    pub fn convert(&self, money: Money, to: Currency) -> Option<Money> {
        if money.currency == to {
            return Some(money);
        }
        let amount = self.in_book(money)?.checked_div(self.rate(to)?)?;
        Some(Money::new(round(amount, to), to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::CNY)
    }

    #[test]
    fn price_times_quantity_is_rounded_to_the_coin() {
        for (price, quantity, amount) in [
            ("0.47", "6000", "2820"),
            ("0.0265", "5000", "132.5"),
            ("0.115", "3", "0.35"),
            ("-0.115", "3", "-0.35"),
        ] {
            assert_eq!(cny(price).times(quantity.parse().unwrap()), Ok(cny(amount)), "{price} × {quantity}");
        }
    }

    #[test]
    fn currencies_do_not_mix() {
        let usd = Money::new(Decimal::ONE, Currency::USD);
        assert_eq!(cny("1").plus(usd), Err(MoneyError::Mixed(Currency::CNY, Currency::USD)));
        assert_eq!("rmb".parse(), Ok(Currency::CNY));
        assert!("元".parse::<Currency>().is_err());
    }

    #[test]
    fn net_and_tax_add_up_to_the_gross() {
        let tax = Tax { rate: "0.13".parse().unwrap(), basis: TaxBasis::Gross, title: None, number: None };
        assert_eq!(tax.split(cny("7400")), Ok((cny("6548.67"), cny("851.33"))));
        let tax = Tax { basis: TaxBasis::Net, ..tax };
        assert_eq!(tax.split(cny("100")), Ok((cny("100"), cny("13"))));
    }

    #[test]
    fn amounts_go_from_one_currency_to_another_by_the_book() {
        let rates = [("USD", "7.10"), ("EUR", "8.20")];
        let rates = rates.map(|(code, rate)| (code.parse().unwrap(), rate.parse().unwrap()));
        let exchange = Exchange { book: Currency::CNY, rates: rates.into() };
        for (amount, from, to, expected) in [
            ("100", "CNY", "CNY", Some("100")),
            ("100", "USD", "CNY", Some("710.00")),
            ("710", "CNY", "USD", Some("100.00")),
            ("100", "USD", "EUR", Some("86.59")),
            ("100", "GBP", "CNY", None),
            ("100", "CNY", "GBP", None),
            ("100", "GBP", "GBP", Some("100")),
        ] {
            let money = Money::new(amount.parse().unwrap(), from.parse().unwrap());
            let found = exchange.convert(money, to.parse().unwrap()).map(|it| it.amount);
            assert_eq!(found, expected.map(|it| it.parse().unwrap()), "{amount} {from} {to}");
        }
    }

    #[test]
    fn too_large_is_an_error_not_a_panic() {
        assert_eq!(Money::new(Decimal::MAX, Currency::CNY).times(Decimal::TEN), Err(MoneyError::Overflow));
    }
}
