//! `gendan documents resend`: the mail that asks the customer for pages or files again, for the clerk to see and to send.

use crate::check::resolve::customer_of;
use crate::cli::Stop;
use crate::cli::context::{self, Context};
use crate::cli::hand_over::hand_over;
use crate::master::Master;
use crate::order::document::{Channel, Document};
use crate::order::draft::Draft;
use crate::order::ids::Ids;
use crate::order::message::{Body, MailSend, Message, Step};
use crate::release::resend::resend;
use crate::rights::Action;
use crate::runtime::house::House;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Resend {
    /// The document
    id: String,
    /// To this address instead of the one that is known 收件地址
    #[arg(long)]
    to: Option<String>,
    /// Send it; without, it is only shown 发送
    #[arg(long)]
    send: bool,
}

impl Resend {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<(), Stop> {
        context.may(house, Action::Key)?;
        let id = context::id(&self.id, "document", "documents list")?;
        let (document, parts) = super::load(house, id).await?;
        let drafts: Vec<Draft> = parts.into_iter().map(|it| it.draft).collect();
        let master = house.shelf.get().await?;
        let to = self.to.clone().or_else(|| address(house, &document, &drafts, &master));
        let firm = house.books.house(&master);
        let mail = resend(&document, &drafts, to.into_iter().collect(), &house.books.office(&firm))
            .map_err(|e| Stop::Config(e.to_string()))?
            .ok_or_else(|| Stop::Refused(format!("nothing of document {id} has to be sent again")))?;
        if !self.send {
            return show(&mail, context);
        }
        let by = context.acting(house, Action::Key)?;
        if mail.to.is_empty() {
            let why = "no address of the customer is known: name one with --to";
            return Err(Stop::Refused(why.to_owned()));
        }
        let message = Message {
            id: Ids::new(id, document.received_at).id(&mail.message_id),
            attempt: 1,
            correlation_id: id,
            step: Step::Deliver,
            lane: Some(format!("{id}/mail.resend")),
            created_at: house.store.now().await?,
            not_before: None,
            body: Body::MailSend(mail.clone()),
        };
        let became = hand_over(house, message, format!("resend:{}", mail.message_id)).await?;
        tracing::info!(document.id = %id, %by, "the customer is asked to send pages again");
        if context.out.json {
            context.out.json(&serde_json::json!({"mail": mail, "became": became, "by": by}))?;
        } else {
            context.out.line(format!("to {}: {became}", mail.to.join(", ")))?;
        }
        Ok(())
    }
}

/// Where he is reached: by the mail that it came by, and a fax by fax where that is possible; else as his master data say.
fn address(house: &House, document: &Document, drafts: &[Draft], master: &Master) -> Option<String> {
    let envelope = &document.envelope;
    let around = super::around(house, document);
    let customer = drafts.iter().find_map(|draft| customer_of(draft, &around, master));
    let customer = customer.and_then(|code| master.customer(&code));
    let own = |address: &String| {
        let domain = address.rsplit('@').next().unwrap_or_default();
        master.is_own_domain(domain) || domain.eq_ignore_ascii_case(&house.config.firm.domain)
    };
    let sender = || envelope.from_address.clone().filter(|it| !envelope.automatic && !own(it));
    let contact = || customer.and_then(|it| it.contacts.first()).map(|contact| contact.mail.clone());
    // His own number, not the one that the caller claims.
    let fax = || house.config.fax_gateway.address_of(customer?.fax.as_deref()?);
    if document.channel == Channel::Fax {
        fax().or_else(contact)
    } else {
        sender().or_else(contact).or_else(fax)
    }
}

fn show(mail: &MailSend, context: &mut Context) -> Result<(), Stop> {
    if context.out.json {
        context.out.json(mail)?;
        return Ok(());
    }
    context.out.line(format!("To: {}", mail.to.join(", ")))?;
    context.out.line(format!("Subject: {}\n\n{}", mail.subject, mail.text))?;
    Ok(())
}
