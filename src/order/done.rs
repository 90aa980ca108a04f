//! What was already done of an order when its customer changes or cancels it, and what that costs (DOMAIN: Changes).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Work or material that a change makes vain. Written `sewn=500`, `slider=300@0.08`, `dyed=4.5` or `bought=1200@12`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case", deny_unknown_fields)]
pub enum WorkDone {
    /// Zippers sewn and shortened (已车缝、已定寸).
    Sewn { pieces: Decimal },
    /// Sliders to be changed; each of the removed ones was bought at `price`.
    Slider { pieces: Decimal, price: Decimal },
    /// One vat of dyed goods (已染色), in kilograms.
    Dyed { kg: Decimal },
    /// Sliders bought in at `price` in all, of which `scrap_kg` go as scrap.
    Bought { price: Decimal, scrap_kg: Decimal },
}

/// What work costs, in the book currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    pub sewn_per_piece: Decimal,
    /// Beside the purchase price of the removed slider.
    pub slider_per_piece: Decimal,
    /// A vat up to this weight costs `dyed_per_vat`, a heavier one `dyed_per_kg`.
    pub dyed_small_kg: Decimal,
    pub dyed_per_vat: Decimal,
    pub dyed_per_kg: Decimal,
    /// What a kilogram of scrap brings in.
    pub scrap_per_kg: Decimal,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            sewn_per_piece: Decimal::new(15, 2),
            slider_per_piece: Decimal::new(10, 2),
            dyed_small_kg: Decimal::from(5),
            dyed_per_vat: Decimal::from(70),
            dyed_per_kg: Decimal::from(4),
            scrap_per_kg: Decimal::from(10),
        }
    }
}

impl Rates {
    /// What all of it costs, in the book currency, unrounded; none where a figure is beyond counting.
    #[must_use]
    pub fn cost(&self, done: &[WorkDone]) -> Option<Decimal> {
        done.iter().try_fold(Decimal::ZERO, |sum, it| sum.checked_add(self.cost_of(it)?))
    }

    fn cost_of(&self, done: &WorkDone) -> Option<Decimal> {
        match done {
            WorkDone::Sewn { pieces } => pieces.checked_mul(self.sewn_per_piece),
            WorkDone::Slider { pieces, price } => {
                pieces.checked_mul(self.slider_per_piece.checked_add(*price)?)
            }
            WorkDone::Dyed { kg } if *kg <= self.dyed_small_kg => Some(self.dyed_per_vat),
            WorkDone::Dyed { kg } => kg.checked_mul(self.dyed_per_kg),
            // Scrap that brings in more than was paid is no reason to pay the customer.
            WorkDone::Bought { price, scrap_kg } => {
                let brings = scrap_kg.checked_mul(self.scrap_per_kg)?;
                Some(price.checked_sub(brings)?.max(Decimal::ZERO))
            }
        }
    }
}

impl fmt::Display for WorkDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sewn { pieces } => write!(f, "sewn={pieces}"),
            Self::Slider { pieces, price } => write!(f, "slider={pieces}@{price}"),
            Self::Dyed { kg } => write!(f, "dyed={kg}"),
            Self::Bought { price, scrap_kg } => write!(f, "bought={price}@{scrap_kg}"),
        }
    }
}

impl FromStr for WorkDone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "`{text}` is no work: write sewn=PIECES, slider=PIECES@PRICE of one removed, dyed=KG of one vat, or bought=PRICE@KG of scrap"
            )
        };
        let figure = |text: &str| {
            let figure = text.trim().parse::<Decimal>().ok();
            figure.filter(|it| *it >= Decimal::ZERO).ok_or_else(wrong)
        };
        let (what, figures) = text.split_once('=').ok_or_else(wrong)?;
        let two = || -> Result<(Decimal, Decimal), String> {
            let (one, other) = figures.split_once('@').ok_or_else(wrong)?;
            Ok((figure(one)?, figure(other)?))
        };
        match what.trim() {
            "sewn" => Ok(Self::Sewn { pieces: figure(figures)? }),
            "slider" => two().map(|(pieces, price)| Self::Slider { pieces, price }),
            "dyed" => Ok(Self::Dyed { kg: figure(figures)? }),
            "bought" => two().map(|(price, scrap_kg)| Self::Bought { price, scrap_kg }),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_what_the_rule_says() {
        for (done, cost) in [
            (&[][..], "0"),
            (&["sewn=500"], "75"),
            (&["slider=300@0.08"], "54"),
            (&["dyed=4.5"], "70"),
            (&["dyed=5"], "70"),
            (&["dyed=5.1"], "20.4"),
            (&["dyed=5", "dyed=3"], "140"),
            (&["bought=1200@12"], "1080"),
            (&["bought=100@12"], "0"),
            (&["sewn=1", "slider=1@0.335"], "0.585"),
        ] {
            let done: Vec<WorkDone> = done.iter().map(|it| it.parse().unwrap()).collect();
            assert_eq!(Rates::default().cost(&done), Some(cost.parse().unwrap()), "{done:?}");
        }
    }

    #[test]
    fn work_is_written_as_it_is_read() {
        for text in ["sewn=500", "slider=300@0.08", "dyed=4.5", "bought=1200@12"] {
            assert_eq!(text.parse::<WorkDone>().unwrap().to_string(), text);
        }
        for text in ["", "sewn", "sewn=", "sewn=-1", "slider=3", "glued=3", "dyed=x"] {
            assert!(
                text.parse::<WorkDone>().unwrap_err().starts_with(&format!("`{text}` is no work")),
                "{text}"
            );
        }
    }
}
