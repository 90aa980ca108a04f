//! `gendan rules`: why an order waits where it waits, or passes.

use super::context::Context;
use super::{End, Stop};
use crate::review::explain::Explained;
use crate::rights::Action;
use serde_json::Value;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Which rules ask for an order, with the values that they looked at 规则为何触发
    Explain {
        /// Number, PO number or id 订单
        order: String,
        /// Those that do not ask too 包括未触发
        #[arg(long)]
        all: bool,
    },
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let Command::Explain { order, all } = command;
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    let sees = context.sees(&house)?;
    let order = super::orders::find(&house, &order).await?;
    let mut explained = Box::pin(house.explain(order.id)).await.map_err(|e| Stop::Failed(e.into()))?;
    explained.retain(|it| all || it.asks);
    for it in explained.iter_mut().filter(|_| !sees.prices) {
        let field = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        it.values.retain(|path, _| !path.starts_with("figures.") && sees.shows(&field(path)));
        it.values.values_mut().for_each(|value| sees.redact(value));
    }
    if context.out.json {
        context.out.json(&explained)?;
        return Ok(End::Done);
    }
    for it in &explained {
        print(it, context)?;
    }
    if explained.is_empty() {
        context.out.line("no rule asks for anything")?;
    }
    Ok(End::Done)
}

fn print(it: &Explained, context: &mut Context) -> Result<(), Stop> {
    let asks = if it.asks { "asks for" } else { "does not ask for" };
    context.out.line(format!("{} {asks} {}", it.rule, it.queue.as_str()))?;
    context.out.line(format!("  when {}", it.when))?;
    for (path, value) in &it.values {
        let items = value.as_array().filter(|items| !items.is_empty());
        match items {
            Some(items) => {
                context.out.line(format!("  {path}:"))?;
                for item in items {
                    context.out.line(format!("    {}", item_line(item)))?;
                }
            }
            None => context.out.line(format!("  {path} = {value}"))?,
        }
    }
    Ok(())
}

/// A member of a list in a line: `code price_below_floor, severity review …`.
fn item_line(item: &Value) -> String {
    let Some(fields) = item.as_object() else { return item.to_string() };
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.iter().map(|(key, value)| format!("{key} {}", word(value))).collect::<Vec<_>>().join(", ")
}
