//! Applications of new customers in the store: taken in, approved into customers, refused.

use super::house::House;
use super::import::ImportError;
use super::register::Register;
use super::work::Stamp;
use crate::config::User;
use crate::master::applications::{Application, Approval, RECORD, State};
use crate::master::difference::{merged, rows};
use crate::master::record::Source;
use crate::store::{Answer, Commit, Filter, Index, Json, Key, Kind, Snapshot, Store, StoreError, Write};
use std::collections::BTreeSet;
use thiserror::Error;
use uuid::Uuid;

/// Why an application is not taken or decided.
#[derive(Debug, Error)]
pub enum ApplicationError {
    #[error("there is no application {0}: `gendan customers list` shows those that are")]
    Unknown(Uuid),
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<StoreError> for ApplicationError {
    fn from(error: StoreError) -> Self {
        Self::Import(error.into())
    }
}

/// All applications in a state, or all; the newest first.
pub async fn list(store: &dyn Store, state: Option<&str>) -> Result<Vec<Application>, StoreError> {
    let filter = Filter { status: state.map(str::to_owned), ..Filter::default() };
    store.list(Kind::Application, &filter).await?.iter().map(read).collect()
}

fn read(snapshot: &Snapshot) -> Result<Application, StoreError> {
    let read = snapshot.body.read();
    read.map_err(|e| StoreError::Broken(format!("the application {}: {e}", snapshot.key.id)))
}

/// Takes one in.
pub async fn apply(house: &House, application: &Application, stamp: &Stamp) -> Result<(), ApplicationError> {
    let lacks = application.lacks(&house.config.customers, house.today(stamp.at));
    if !lacks.is_empty() {
        return Err(ApplicationError::Refused(lacks.join("; ")));
    }
    // What can't become a customer is told while the applicant can still be asked.
    let code = Approval {
        code: "-".to_owned(),
        terms: None,
        credit_limit: rust_decimal::Decimal::ZERO,
        mail_domains: Vec::new(),
    };
    application.rows(&code, &house.config.customers).map_err(ImportError::Rows)?;
    let register = Register::load(house.store.as_ref(), &[RECORD], &house.config.master).await?;
    commit(house, register, application, (0, "customers apply"), stamp).await
}

/// Approves one: the customer stands in the master data from then on.
pub async fn approve(
    house: &House,
    id: Uuid,
    approval: &Approval,
    user: &User,
    stamp: &Stamp,
) -> Result<Application, ApplicationError> {
    let settings = &house.config.customers;
    let (version, mut application) = waiting(house, id).await?;
    decides(house, &application, application.terms(approval), user)?;
    let lacks = application.lacks(settings, house.today(stamp.at));
    if !lacks.is_empty() {
        return Err(ApplicationError::Refused(lacks.join("; ")));
    }
    let tables = ["customers", "certificates", RECORD];
    let mut register = Register::load(house.store.as_ref(), &tables, &house.config.master).await?;
    let squeezed = |text: &str| crate::master::text::squeezed(text);
    let customers = rows(register.body("customers"));
    let taken = |row: &serde_json::Value| {
        row.get("code")
            .and_then(serde_json::Value::as_str)
            .is_some_and(|code| squeezed(code) == squeezed(&approval.code))
    };
    if customers.iter().any(taken) {
        return Err(ApplicationError::Refused(format!(
            "there is a customer {} already: give the new one another code",
            approval.code
        )));
    }
    let source = Source { name: format!("application {id}"), sha256: None };
    for new in application.rows(approval, settings).map_err(ImportError::Rows)? {
        let after = merged(&new.table, register.body(&new.table), &new.body);
        register.change(&new.table, &after, (&source, 0), stamp);
    }
    application.state = State::Approved {
        decided_by: user.id.clone(),
        decided_at: stamp.at,
        customer: approval.code.clone(),
    };
    commit(house, register, &application, (version, "customers approve"), stamp).await?;
    Ok(application)
}

/// Refuses one, with the reason.
pub async fn refuse(
    house: &House,
    id: Uuid,
    reason: &str,
    user: &User,
    stamp: &Stamp,
) -> Result<Application, ApplicationError> {
    let (version, mut application) = waiting(house, id).await?;
    // Who may take a customer without credit may send one away, whatever terms he asks for.
    decides(house, &application, "", user)?;
    application.state =
        State::Refused { decided_by: user.id.clone(), decided_at: stamp.at, reason: reason.to_owned() };
    let register = Register::load(house.store.as_ref(), &[RECORD], &house.config.master).await?;
    commit(house, register, &application, (version, "customers refuse"), stamp).await?;
    Ok(application)
}

async fn waiting(house: &House, id: Uuid) -> Result<(u64, Application), ApplicationError> {
    let found = house.store.load(&[Key::new(Kind::Application, id)]).await?.into_iter().flatten().next();
    let found = found.ok_or(ApplicationError::Unknown(id))?;
    let application = read(&found)?;
    if application.state != State::Waiting {
        let state = application.state.as_str();
        return Err(ApplicationError::Refused(format!("the application {id} is {state} already")));
    }
    Ok((found.version, application))
}

/// Whether this user may decide on these terms. Nobody decides on what he brought himself.
fn decides(
    house: &House,
    application: &Application,
    terms: &str,
    user: &User,
) -> Result<(), ApplicationError> {
    let may = house.config.customers.approvers(terms);
    if !user.roles.iter().any(|role| may.contains(role)) {
        let roles: BTreeSet<&str> = may.iter().map(|role| role.as_str()).collect();
        let roles = roles.into_iter().collect::<Vec<_>>().join(", ");
        let terms = if terms.is_empty() { String::new() } else { format!(" on {terms}") };
        return Err(ApplicationError::Refused(format!(
            "{} may not decide{terms}: that is for {roles} (customers.approves, customers.approves_credit)",
            user.id
        )));
    }
    if application.by == user.id {
        return Err(ApplicationError::Refused(format!(
            "{} brought this application: another decides",
            user.id
        )));
    }
    Ok(())
}

async fn commit(
    house: &House,
    mut register: Register,
    application: &Application,
    (was, source): (u64, &str),
    stamp: &Stamp,
) -> Result<(), ApplicationError> {
    register.record(application.record(source), stamp);
    let mut commit = Commit::default();
    register.write(&mut commit);
    let customer =
        if let State::Approved { customer, .. } = &application.state { Some(customer.clone()) } else { None };
    let status = Some(application.state.as_str().to_owned());
    commit.writes.push(Write {
        key: Key::new(Kind::Application, application.id),
        was,
        now: was + 1,
        body: Json::of(application),
        index: Index { status, customer, ..Index::default() },
    });
    match house.store.commit(vec![commit]).await?.as_slice() {
        [Answer::Done] => Ok(()),
        _ => Err(ImportError::Lost.into()),
    }
}
