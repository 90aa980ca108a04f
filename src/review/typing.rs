//! Checks a rule's expression against the shape of the facts, before any order is judged by it.
//!
//! CEL stops at the first operand that settles an expression, so trying it out can't find a wrong name in the rest;
//! this looks at every part of it.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The type of a value, as far as rules need one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Bool,
    Number,
    Text,
    List(Box<Shape>),
    Fields(BTreeMap<String, Shape>),
    /// Null, or the member of an empty list.
    Any,
}

impl Shape {
    /// The shape of a specimen; a list has the shape of its first member.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Any,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Any, Self::of))),
            Value::Object(fields) => {
                Self::Fields(fields.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect())
            }
        }
    }

    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::List(a), Self::List(b)) => a.fits(b),
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Number => f.write_str("a number"),
            Self::Text => f.write_str("a text"),
            Self::List(_) => f.write_str("a list"),
            Self::Fields(fields) => write!(f, "a record of {}", names(fields.keys())),
            Self::Any => f.write_str("anything"),
        }
    }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What is wrong with an expression, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// The variables in sight, innermost last.
pub(super) struct Scope(Vec<(String, Shape)>);

impl Scope {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, Shape)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// The type of the expression, or the first thing wrong with it.
    pub(super) fn infer(&mut self, expr: &IdedExpr) -> Result<Shape, Wrong> {
        match &expr.expr {
            Expr::Ident(name) => self.variable(name),
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Shape::Bool,
                LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Shape::Number,
                LiteralValue::String(_) => Shape::Text,
                LiteralValue::Bytes(_) | LiteralValue::Null => Shape::Any,
            }),
            Expr::Select(select) => {
                let shape = self.field(&select.operand, &select.field)?;
                Ok(if select.test { Shape::Bool } else { shape })
            }
            Expr::List(list) => {
                let mut member = Shape::Any;
                for element in &list.elements {
                    member = same(&member, &self.infer(element)?, "the members of a list")?;
                }
                Ok(Shape::List(Box::new(member)))
            }
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(it) => self.comprehension(it),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(Wrong::new("records can't be built in a rule", "compare single fields"))
            }
        }
    }

    fn variable(&self, name: &str) -> Result<Shape, Wrong> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, shape)| shape.clone()).ok_or_else(
            || {
                let known = names(self.0.iter().map(|(name, _)| name));
                Wrong::new(format!("`{name}` is not known"), format!("use one of {known}"))
            },
        )
    }

    fn field(&mut self, operand: &IdedExpr, field: &str) -> Result<Shape, Wrong> {
        match self.infer(operand)? {
            Shape::Fields(fields) => fields.get(field).cloned().ok_or_else(|| {
                Wrong::new(
                    format!("there is no field `{field}`"),
                    format!("use one of {}", names(fields.keys())),
                )
            }),
            Shape::Any => Ok(Shape::Any),
            other @ (Shape::Bool | Shape::Number | Shape::Text | Shape::List(_)) => Err(Wrong::new(
                format!("`{field}` is asked of {other}"),
                "ask it of a record, or use exists()",
            )),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Result<Shape, Wrong> {
        let shapes = call
            .target
            .iter()
            .map(|it| &**it)
            .chain(&call.args)
            .map(|it| self.infer(it))
            .collect::<Result<Vec<_>, _>>()?;
        result_of(&call.func_name, &shapes)
    }

    fn comprehension(&mut self, it: &ComprehensionExpr) -> Result<Shape, Wrong> {
        let member = match self.infer(&it.iter_range)? {
            Shape::List(member) => *member,
            Shape::Any => Shape::Any,
            other @ (Shape::Bool | Shape::Number | Shape::Text | Shape::Fields(_)) => {
                return Err(Wrong::new(
                    format!("{other} has no members"),
                    "use it on a list, such as problems",
                ));
            }
        };
        let begun = self.infer(&it.accu_init)?;
        let depth = self.0.len();
        self.0.push((it.iter_var.clone(), member));
        self.0.push((it.accu_var.clone(), begun.clone()));
        let step = self.infer(&it.loop_cond).and_then(|_| self.infer(&it.loop_step));
        self.0.truncate(depth);
        let gathered = same(&begun, &step?, "the condition for each member")?;
        self.0.push((it.accu_var.clone(), gathered));
        let result = self.infer(&it.result);
        self.0.truncate(depth);
        result
    }
}

fn same(a: &Shape, b: &Shape, of: &str) -> Result<Shape, Wrong> {
    if !a.fits(b) {
        return Err(Wrong::new(
            format!("{of}: {a} and {b} don't go together"),
            "give both sides the same type",
        ));
    }
    Ok(if matches!(a, Shape::Any) || matches!(a, Shape::List(it) if **it == Shape::Any) {
        b.clone()
    } else {
        a.clone()
    })
}

fn result_of(function: &str, shapes: &[Shape]) -> Result<Shape, Wrong> {
    use operators as op;
    let all = |wanted: Shape, result: Shape| match shapes.iter().find(|shape| !shape.fits(&wanted)) {
        None => Ok(result),
        Some(other) => Err(Wrong::new(
            format!("`{}` wants {wanted} and gets {other}", plain(function)),
            "compare the field with a value first, as in `figures.total > 0`",
        )),
    };
    match (function, shapes) {
        (op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, _) => {
            all(Shape::Bool, Shape::Bool)
        }
        (op::EQUALS | op::NOT_EQUALS, [a, b]) => same(a, b, "both sides of == or !=").map(|_| Shape::Bool),
        (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [Shape::Text, _]) => {
            all(Shape::Text, Shape::Bool)
        }
        (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, _) => all(Shape::Number, Shape::Bool),
        (op::ADD, [Shape::List(_), _]) => same(&shapes[0], &shapes[1], "both sides of +"),
        (op::ADD, [Shape::Text, _]) => all(Shape::Text, Shape::Text),
        (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO | op::NEGATE, _) => {
            all(Shape::Number, Shape::Number)
        }
        (op::IN, [member, Shape::List(of)]) => same(member, of, "both sides of in").map(|_| Shape::Bool),
        (op::CONDITIONAL, [Shape::Bool | Shape::Any, a, b]) => same(a, b, "both answers of ?:"),
        (op::INDEX, [Shape::List(member), Shape::Number]) => Ok((**member).clone()),
        ("size", [Shape::List(_) | Shape::Text | Shape::Any]) => Ok(Shape::Number),
        ("contains" | "startsWith" | "endsWith" | "matches", [_, _]) => all(Shape::Text, Shape::Bool),
        (other, _) => Err(Wrong::new(
            format!("`{}` can't be used so", plain(other)),
            "use && || ! == != < <= > >= in, exists(), all(), filter(), size(), contains(), startsWith(), endsWith() or matches()",
        )),
    }
}

fn plain(function: &str) -> &str {
    function.trim_matches(['_', '@'])
}
