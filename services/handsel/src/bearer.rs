//! Calls with a development token: what the demo, the simulator and the command line use.

use anyhow::{Context as _, Result};
use handsel_access::{Branch, DevIssuer, DevToken, Role};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// A channel on which every call carries one token.
pub(crate) type Caller = InterceptedService<Channel, Bearer>;

/// A token, ready to be sent.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// Takes a token as text.
    ///
    /// # Errors
    /// One that no header could carry.
    pub(crate) fn new(token: &str) -> Result<Self> {
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {}", token.trim()).parse().context("the token is not one line of ASCII")?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Has the development issuer make one that holds for the longest demo: a role, a branch (`*`: all), a human if any.
    ///
    /// # Errors
    /// A key that cannot sign.
    pub(crate) fn issue(issuer: &DevIssuer, role: Role, branch: &str, person: Option<&str>) -> Result<Self> {
        let mut token = DevToken::of_role(role, person.unwrap_or("demo-system"));
        token.person = person.map(str::to_owned);
        token.branch = if branch == "*" { Branch::All } else { Branch::One(branch.to_owned()) };
        Self::new(&issuer.issue(&token)?)
    }

    /// A channel on which every call carries it.
    pub(crate) fn on(self, channel: &Channel) -> Caller {
        InterceptedService::new(channel.clone(), self)
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}
