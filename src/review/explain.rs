//! Why a rule asks or does not ask: the values of everything that it names.

use super::facts::RuleFacts;
use super::rules::{Rule, Rules};
use crate::order::review::Queue;
use cel::common::ast::{Expr, IdedExpr};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One rule and one order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    pub rule: String,
    pub queue: Queue,
    /// It asks for its queue.
    pub asks: bool,
    /// The rule as its file has it.
    pub when: String,
    /// What the rule names, by path: `figures.total`, `settings.small_order`.
    pub values: BTreeMap<String, Value>,
}

impl Rules {
    /// All rules in the order of the file, with what each looked at.
    #[must_use]
    pub fn explain(&self, facts: &RuleFacts) -> Vec<Explained> {
        let asked: BTreeSet<String> = self.ask(facts).into_iter().flat_map(|asked| asked.rules).collect();
        let mut view = serde_json::to_value(facts).unwrap_or_default();
        view["settings"] = self.settings.clone();
        let explained = |rule: &Rule| Explained {
            rule: rule.name.clone(),
            queue: rule.queue,
            asks: asked.contains(&rule.name),
            when: rule.source.split_whitespace().collect::<Vec<_>>().join(" "),
            values: values(rule.expression(), &view),
        };
        self.list().iter().map(explained).collect()
    }
}

fn values(expression: &IdedExpr, view: &Value) -> BTreeMap<String, Value> {
    let mut paths = BTreeSet::new();
    gather(expression, &mut paths);
    let value = |path: &str| view.pointer(&format!("/{}", path.replace('.', "/"))).cloned();
    paths.into_iter().filter_map(|path| value(&path).map(|it| (path, it))).collect()
}

/// The paths of all that an expression names. A member's own name in `exists(p, …)` leads nowhere in the facts.
fn gather(expression: &IdedExpr, paths: &mut BTreeSet<String>) {
    if let Some(path) = path(expression) {
        paths.insert(path);
        return;
    }
    match &expression.expr {
        Expr::Select(select) => gather(&select.operand, paths),
        Expr::Call(call) => {
            call.target.iter().for_each(|it| gather(it, paths));
            call.args.iter().for_each(|it| gather(it, paths));
        }
        Expr::List(list) => list.elements.iter().for_each(|it| gather(it, paths)),
        Expr::Comprehension(it) => {
            for part in [&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result] {
                gather(part, paths);
            }
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}

fn path(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        Expr::Call(_)
        | Expr::List(_)
        | Expr::Comprehension(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_)
        | Expr::Unspecified => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_it_looked_at() {
        let rules = Rules::parse("lean.toml", Rules::shipped("lean").unwrap()).unwrap();
        let explained = rules.explain(&RuleFacts::specimen());
        let said = |name: &str| {
            let it = explained.iter().find(|it| it.rule == name).unwrap();
            let values: Vec<String> = it.values.keys().cloned().collect();
            (it.asks, values.join(" "))
        };
        assert_eq!(said("not_proven"), (true, "order.kind order.sure".to_owned()));
        assert_eq!(said("to_be_keyed"), (true, "order.kind problems".to_owned()));
        assert_eq!(
            said("special_price"),
            (
                false,
                "customer.grade customer.type order.kind problems settings.special_price_grades".to_owned()
            )
        );
        let large = explained.iter().find(|it| it.rule == "large_cancellation").unwrap();
        assert_eq!(large.values["settings.manager_cancels"], 100_000);
        assert!(
            large.when.starts_with("order.kind == \"cancellation\" && (!change.in_work"),
            "{}",
            large.when
        );
    }
}
