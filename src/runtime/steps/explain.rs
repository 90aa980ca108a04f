//! Explain: what the rules say of an order as everything stands now; nothing is written.

use super::Steps;
use crate::order::ids::Ids;
use crate::review::explain::Explained;
use crate::runtime::Failure;
use uuid::Uuid;

impl Steps {
    /// All rules, with the values that each looked at.
    pub async fn explain(&self, order_id: Uuid) -> Result<Vec<Explained>, Failure> {
        let order = self.order(order_id).await?.order;
        let origin = self.origin(&order).await?;
        let master = self.shelf.get().await?;
        let now = self.store.now().await?;
        let from = (&origin.document, &origin.record);
        let mut case = self.load(order.id, &order.content, from, master.clone()).await?;
        if let Some(target) = order.refers_to.filter(|_| order.is_case()) {
            let target = self.order(target).await?.order;
            let draft = &origin.record.draft;
            let ids = Ids::new(order.id, now);
            let resolved = self.resolved(draft, &self.around(&origin.document), &ids, &master).await?;
            case.changing = Some(self.changing(order.kind, &target, (draft, &resolved)).await?);
        }
        Ok(self.books.rules.explain(&self.rule_facts(&order, &case, now)))
    }
}
