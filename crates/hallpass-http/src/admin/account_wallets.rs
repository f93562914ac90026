use axum::Json;
use axum::extract::State;
use hallpass_model::{AccountId, EnvironmentId, Page};

use super::views::Listing;
use crate::extract::{Id, Support};
use crate::session::WalletView;
use crate::{AppState, Failure};

/// List an account's wallets
///
/// Those that the customer's app provisioned. At most 20, so there is one page.
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/accounts/{account}/wallets", tag = "Accounts",
    extensions(("x-role" = json!("support"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
    ),
    responses((status = 200, description = "Its wallets, oldest first", body = Listing<WalletView>)),
)]
pub(super) async fn list_wallets_of_account(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
) -> Result<Json<Listing<WalletView>>, Failure> {
    let wallets = &app.services.wallets;
    let items = wallets
        .list_of_account(&operator, environment, account)
        .await?;
    Ok(Listing::of(Page { items, next: None }, WalletView::from))
}
