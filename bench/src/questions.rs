//! Questions about the large claim: things that it names, things that it does not, and things about to be made.

use hallpass_permissions::{Account, Permission, Target};

use crate::claims::{self, ACCOUNTS, INTEGRATIONS, MAIN_ACCOUNT, TEAM};

/// How many questions a round of decisions asks.
pub const QUESTIONS: usize = 256;

pub struct Question {
    pub integration: Option<String>,
    pub credential: Option<Thing>,
    pub configuration: Option<Thing>,
    pub permission: Permission,
}

/// An account or a configuration by its names.
#[derive(Default)]
pub struct Thing {
    pub id: Option<String>,
    pub external_id: Option<String>,
}

impl Question {
    pub fn target(&self) -> Target<'_> {
        Target {
            integration: self.integration.as_deref(),
            credential: self.credential.as_ref().map(Thing::account),
            configuration: self.configuration.as_ref().map(Thing::account),
        }
    }
}

impl Thing {
    fn account(&self) -> Account<'_> {
        Account {
            id: self.id.as_deref(),
            external_id: self.external_id.as_deref(),
        }
    }
}

/// The same questions in every run.
pub fn questions() -> Vec<Question> {
    let mut dice = Dice(0);
    (0..QUESTIONS).map(|_| question(&mut dice)).collect()
}

/// What a proxied call asks: a named account, a named configuration.
pub fn proxy_call() -> Question {
    Question {
        integration: Some(claims::integration(0)),
        credential: Some(Thing {
            id: Some(claims::account_id(0, 1)),
            external_id: None,
        }),
        configuration: Some(Thing {
            id: None,
            external_id: Some(TEAM.to_owned()),
        }),
        permission: Permission::ProxyApi,
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 += 1;
        (claims::scramble(self.0) % sides as u64) as usize
    }
}

fn question(dice: &mut Dice) -> Question {
    let permission = Permission::ALL[dice.below(Permission::ALL.len())];
    // One in ten is about no integration at all, and one in ten about one that the claim does not name.
    let app = dice.below(INTEGRATIONS.len() + 2);
    if app == INTEGRATIONS.len() {
        return Question {
            integration: None,
            credential: None,
            configuration: None,
            permission,
        };
    }
    let credential = (dice.below(8) > 0).then(|| credential(app, dice));
    let configuration = if credential.is_some() && dice.below(4) > 0 {
        Some(configuration(app, dice))
    } else {
        None
    };
    Question {
        integration: Some(claims::integration(app)),
        credential,
        configuration,
        permission,
    }
}

fn credential(app: usize, dice: &mut Dice) -> Thing {
    match dice.below(8) {
        0 => Thing::default(),
        1 => Thing {
            id: None,
            external_id: Some(MAIN_ACCOUNT.to_owned()),
        },
        // Both names of it stand in the claim: these can be in conflict.
        2 => Thing {
            id: Some(claims::account_id(app, ACCOUNTS - 1)),
            external_id: Some(MAIN_ACCOUNT.to_owned()),
        },
        // An account that the claim does not name.
        3 => Thing {
            id: Some(claims::account_id(app, ACCOUNTS)),
            external_id: Some("other".to_owned()),
        },
        other => Thing {
            id: Some(claims::account_id(app, other % ACCOUNTS)),
            external_id: None,
        },
    }
}

fn configuration(app: usize, dice: &mut Dice) -> Thing {
    let id = Some(claims::account_id(app, ACCOUNTS + 1));
    match dice.below(4) {
        0 => Thing::default(),
        1 => Thing {
            id,
            external_id: None,
        },
        2 => Thing {
            id,
            external_id: Some("Team B".to_owned()),
        },
        _ => Thing {
            id,
            external_id: Some(TEAM.to_owned()),
        },
    }
}
