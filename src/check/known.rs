//! Known: the customer and every line's product are ones of ours, beyond doubt.

use super::{Case, CustomerBy};
use crate::master::units;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = customer(case).into_iter().collect();
    for (at, line) in case.content.lines.iter().enumerate() {
        match &line.sku {
            None => problems.push(unknown(case, at)),
            Some(sku) => problems.extend(unit(case, at, sku)),
        }
    }
    problems.extend(currency(case));
    problems
}

fn customer(case: &Case<'_>) -> Option<Problem> {
    let found = &case.resolved.customer;
    let printed = case.draft.order.as_ref().and_then(|order| order.customer.name.as_ref());
    let known = case.content.customer.as_deref().and_then(|code| case.facts.master.customer(code));
    let problem = match known {
        None => {
            let problem = Problem::new(Code::UnknownCustomer, "customer", Severity::Blocks, Queue::Keying);
            match &found.hint {
                Some(hint) => problem.expected(hint),
                None => problem,
            }
        }
        // A clerk who chose another customer has looked at what spoke against the first.
        Some(customer) if found.code.as_deref() == Some(customer.code.as_str()) => {
            let weak = !found.by.iter().any(|by| by.is_strong());
            if found.against.is_empty() && !weak {
                return None;
            }
            Problem::new(Code::Unsure, "customer", Severity::Review, Queue::Keying).expected(&customer.code)
        }
        Some(_) => return None,
    };
    let against: Vec<&str> = found.against.iter().map(|by| CustomerBy::as_str(*by)).collect();
    let printed = printed.map(|name| name.value.clone());
    let found = printed.or_else(|| (!against.is_empty()).then(|| against.join(" ")));
    Some(Problem { found, ..problem })
}

fn unknown(case: &Case<'_>, at: usize) -> Problem {
    let candidates = case.resolved.lines.get(at).map_or(&[][..], |line| &line.candidates);
    let draft = case.draft.order.as_ref().and_then(|order| order.lines.get(at));
    let path = format!("lines.{at}.description");
    let problem = if candidates.is_empty() {
        Problem::new(Code::UnknownProduct, path, Severity::Blocks, Queue::Keying)
    } else {
        Problem::new(Code::AmbiguousProduct, path, Severity::Blocks, Queue::Keying)
            .expected(candidates.join(" "))
    };
    match draft {
        Some(line) => {
            let texts =
                [&line.customer_part, &line.description, &line.spec, &line.color].into_iter().flatten();
            let found = texts.map(|field| field.value.as_str()).collect::<Vec<_>>().join(" ");
            problem.found(found).at(&line.description)
        }
        None => problem,
    }
}

fn unit(case: &Case<'_>, at: usize, sku: &str) -> Option<Problem> {
    let product = case.facts.master.product(sku)?;
    let unit = case.content.lines.get(at)?.unit.as_deref()?;
    if units::factor(unit, &product.unit).is_some() {
        return None;
    }
    let path = format!("lines.{at}.unit");
    let problem = Problem::new(Code::UnitMismatch, path, Severity::Review, Queue::Keying);
    Some(problem.found(unit).expected(&product.unit))
}

fn currency(case: &Case<'_>) -> Option<Problem> {
    let own = case.facts.master.customer(case.content.customer.as_deref()?)?.currency;
    let currency = case.content.currency.filter(|currency| *currency != own)?;
    let problem = Problem::new(Code::CurrencyMismatch, "currency", Severity::Review, Queue::Sales);
    Some(problem.found(currency).expected(own))
}
