//! Margin: what an order leaves when its goods and the selling are paid.

use super::{Case, amounts};
use crate::master::Master;
use crate::order::line::{Content, Line};
use crate::order::money::{Currency, Exchange, Money, Tax, TaxBasis};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an order has to leave: section `[check.margin]`. All are shares of what it brings without VAT, 0.15 for 15 %.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MarginSettings {
    pub least_gross: Decimal,
    pub least_gross_of_line: Decimal,
    /// What selling costs.
    pub selling_expenses: Decimal,
    /// The same for a type of customers, in place of `selling_expenses`.
    pub selling_expenses_of: BTreeMap<String, Decimal>,
    pub most_selling_expenses: Decimal,
    /// Of what is left after the selling expenses.
    pub least_net: Decimal,
    /// Prices of orders that do not say so hold the VAT.
    pub prices_hold_tax: bool,
}

impl Default for MarginSettings {
    /// As the shipped file says.
    fn default() -> Self {
        let share = |hundredths| Decimal::new(hundredths, 2);
        Self {
            least_gross: share(15),
            least_gross_of_line: share(5),
            selling_expenses: share(5),
            selling_expenses_of: [("distributor".to_owned(), share(8))].into(),
            most_selling_expenses: share(10),
            least_net: share(8),
            prices_hold_tax: true,
        }
    }
}

impl MarginSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        let own = self.selling_expenses_of.iter();
        let own = own.map(|(kind, share)| (format!("selling_expenses_of.{kind}"), share));
        let all = [
            ("least_gross", &self.least_gross),
            ("least_gross_of_line", &self.least_gross_of_line),
            ("selling_expenses", &self.selling_expenses),
            ("most_selling_expenses", &self.most_selling_expenses),
            ("least_net", &self.least_net),
        ];
        let all = all.into_iter().map(|(key, share)| (key.to_owned(), share));
        match all.chain(own).find(|(_, share)| share.abs() > Decimal::ONE) {
            Some((key, share)) => Err(format!("{key} is {share}: write a share, as 0.15 for 15 %")),
            None => Ok(()),
        }
    }

    fn selling(&self, kind: &str) -> Decimal {
        self.selling_expenses_of.get(kind).copied().unwrap_or(self.selling_expenses)
    }
}

/// By what margins are computed.
#[derive(Debug, Clone, Copy)]
pub struct Sold<'a> {
    pub master: &'a Master,
    pub settings: &'a MarginSettings,
    pub exchange: &'a Exchange,
    /// VAT rates of orders that name none, by currency.
    pub tax: &'a BTreeMap<Currency, Decimal>,
}

/// What an order leaves, as shares of what it brings without VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins {
    pub gross: Decimal,
    /// Gross less the selling expenses.
    pub net: Decimal,
    pub selling: Decimal,
    /// Place and gross margin of the line that leaves least; none where each is given away.
    pub worst: Option<(usize, Decimal)>,
    /// The cost of every line is known; the others are left out.
    pub whole: bool,
}

/// The margins of an order; none where no line's cost and price are known, or nothing is paid.
#[must_use]
pub fn margins(content: &Content, sold: &Sold<'_>) -> Option<Margins> {
    let lines = content.lines.iter().enumerate();
    let known: Vec<(usize, Figures)> =
        lines.filter_map(|(at, line)| Some((at, figures(content, line, sold)?))).collect();
    let sum = |of: fn(&Figures) -> Decimal| {
        known.iter().try_fold(Decimal::ZERO, |sum, (_, it)| sum.checked_add(of(it)))
    };
    let whole = Figures { brings: sum(|it| it.brings)?, costs: sum(|it| it.costs)? };
    let customer = content.customer.as_deref().and_then(|code| sold.master.customer(code));
    let selling = sold.settings.selling(customer.map_or("", |row| row.kind.as_str()));
    let gross = whole.margin()?;
    let of_line = |(at, line): &(usize, Figures)| Some((*at, line.margin()?));
    Some(Margins {
        gross,
        net: gross.checked_sub(selling)?,
        selling,
        worst: known.iter().filter_map(of_line).min_by_key(|(_, margin)| *margin),
        whole: known.len() == content.lines.len(),
    })
}

/// What a line brings without VAT and costs, in the book currency.
struct Figures {
    brings: Decimal,
    costs: Decimal,
}

impl Figures {
    fn margin(&self) -> Option<Decimal> {
        self.brings.checked_sub(self.costs)?.checked_div(self.brings)
    }
}

fn figures(content: &Content, line: &Line, sold: &Sold<'_>) -> Option<Figures> {
    let product = sold.master.product(line.sku.as_deref()?)?;
    let paid = Money::new(line.unit_price?, content.currency?).times(line.quantity?).ok()?;
    let cost = Money::new(product.standard_cost?, product.currency);
    let cost = cost.times(amounts::quantity(line, product)?).ok()?;
    Some(Figures {
        brings: sold.exchange.in_book(without_tax(paid, content, sold)?)?,
        costs: sold.exchange.in_book(cost)?,
    })
}

fn without_tax(paid: Money, content: &Content, sold: &Sold<'_>) -> Option<Money> {
    let usual = || {
        let rate = *sold.tax.get(&paid.currency)?;
        let basis = if sold.settings.prices_hold_tax { TaxBasis::Gross } else { TaxBasis::Net };
        Some(Tax { rate, basis, title: None, number: None })
    };
    match content.tax.clone().or_else(usual) {
        Some(tax) => tax.split(paid).ok().map(|(net, _)| net),
        None => Some(paid),
    }
}

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let facts = case.facts;
    let limits = &facts.settings.margin;
    let sold = Sold { master: facts.master, settings: limits, exchange: facts.exchange, tax: facts.tax };
    let Some(margins) = margins(case.content, &sold) else { return Vec::new() };
    let problem = |path: String, what: &str, (found, limit): (Decimal, Decimal)| {
        let problem = Problem::new(Code::MarginTooLow, path, Severity::Review, Queue::Margin);
        problem.found(format!("margin.{what} {}", percent(found))).expected(percent(limit))
    };
    let whole = |what, found, limit| problem(String::new(), what, (found, limit));
    let mut problems = Vec::new();
    if margins.gross < limits.least_gross {
        problems.push(whole("gross", margins.gross, limits.least_gross));
    }
    if let Some((at, worst)) = margins.worst.filter(|(_, worst)| *worst < limits.least_gross_of_line) {
        let path = format!("lines.{at}.unit_price");
        problems.push(problem(path, "line", (worst, limits.least_gross_of_line)));
    }
    if margins.selling > limits.most_selling_expenses {
        problems.push(whole("selling", margins.selling, limits.most_selling_expenses));
    }
    if margins.net < limits.least_net {
        problems.push(whole("net", margins.net, limits.least_net));
    }
    problems
}

/// A share in hundredths, to one digit behind the point.
fn percent(share: Decimal) -> String {
    let hundredths = share.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(share);
    format!("{}%", hundredths.round_dp(1).normalize())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};

    const COSTS: [(&str, &str); 2] = [("N18", "0.30"), ("N20", "0.30")];

    #[test]
    fn what_is_left_without_tax_stays_within_the_limits() {
        for (lines, expected) in [
            // 0.452 without tax is 0.40: 25 % gross, 20 % after selling.
            (&["A18||1000|条|0.452"][..], ""),
            // 0.40 without tax is 0.354: 15.25 %.
            (&["A18||1000|条|0.40"], ""),
            (&["A18||1000|条|0.39"], "margin_too_low margin.gross 13.1% 15%"),
            (
                &["A18||1000|条|0.33"],
                "margin_too_low margin.gross -2.7% 15%, \
                margin_too_low lines.0.unit_price margin.line -2.7% 5%, margin_too_low margin.net -7.7% 8%",
            ),
            // The whole is well, one line is not.
            (
                &["A18||1000|条|0.60", "A20||100|条|0.33"],
                "margin_too_low lines.1.unit_price margin.line -2.7% 5%",
            ),
            // By the dozen.
            (&["A18||100|打|4.68"], "margin_too_low margin.gross 13.1% 15%"),
            // Nobody knows what these cost, or are paid.
            (&["|5#金属闭尾 古铜 18cm|1000|条|0.01"], ""),
            (&["|没有的东西|1000|条|0.01"], ""),
            (&["A18||1000|条|0"], ""),
            (&["A18|||条|0.01"], ""),
        ] {
            assert_eq!(Desk::new(lines).costs(&COSTS).says(check).join(", "), expected, "{lines:?}");
        }
    }

    #[test]
    fn tax_and_currency_count_and_selling_costs_more_to_some() {
        let mut desk = Desk::new(&["A18||1000|条|0.36"]).costs(&COSTS);
        assert_eq!(desk.says(check).len(), 2, "13 % of it is tax");
        desk.settings.margin.prices_hold_tax = false;
        assert!(desk.says(check).is_empty());
        // No tax is known for dollars: 0.05 × 7.10 = 0.355.
        desk.settings.margin.prices_hold_tax = true;
        desk.order().currency = text("USD");
        desk.order().lines[0].unit_price = crate::check::desk::number("0.05");
        assert!(desk.says(check).is_empty());
        desk.order().lines[0].unit_price = crate::check::desk::number("0.045");
        assert_eq!(desk.says(check)[0], "margin_too_low margin.gross 6.1% 15%");
        desk.order().currency = text("GBP");
        assert!(desk.says(check).is_empty(), "nobody knows what it is worth");
        let mut desk = Desk::new(&["A18||1000|条|0.60"]).costs(&COSTS);
        desk.settings.margin.selling_expenses_of = [("factory".to_owned(), "0.12".parse().unwrap())].into();
        assert_eq!(desk.says(check), ["margin_too_low margin.selling 12% 10%"]);
    }
}
