//! Services that know each other by certificates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use handsel_proto::handsel::corebank::v1::core_banking_service_client::CoreBankingServiceClient;
use handsel_service::{
    Frame, Peer, TokenSource,
    config::{LimitsConfig, PeerConfig, ServerConfig, TlsConfig},
};
use handsel_testkit::{Engine, Role, run};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};
use support::{Bank, saying};

/// An authority with its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = folder.join(format!("{name}.pem"));
        fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// The files of a certificate for `localhost` and of its key.
    fn certify(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
        fs::write(&files.0, certificate.pem()).unwrap();
        fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }
}

#[test]
fn a_peer_with_our_authoritys_certificate_passes_and_no_other() {
    run(Engine::Sqlite, |lab| async move {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "theirs"));
        let (certificate, key) = ours.certify(folder.path(), "server");
        let tls = TlsConfig { certificate, key, client_authority: Some(ours.file.clone()) };
        let config =
            ServerConfig { listen: (Ipv4Addr::LOCALHOST, 0).into(), tls: Some(tls), ..ServerConfig::default() };
        let frame = Frame::bind(&config, LimitsConfig::default()).await.unwrap();
        let address = format!("https://localhost:{}", frame.address().port());
        let _server = lab.serve_on(frame, vec![Arc::new(Bank::default())]);

        let token = lab.token(Role::Service, "*", None);
        let call = async |identity: Option<(PathBuf, PathBuf)>, authority: &Authority| {
            let (certificate, key) = identity.unzip();
            let authority = Some(authority.file.clone());
            let config = PeerConfig { address: address.clone(), certificate, key, authority, ..PeerConfig::default() };
            let peer = Peer::new(&config, TokenSource::fixed(&token)).unwrap();
            CoreBankingServiceClient::new(peer).execute_instructions(saying("")).await
        };
        assert!(call(Some(ours.certify(folder.path(), "peer")), &ours).await.is_ok());
        assert!(call(Some(theirs.certify(folder.path(), "stranger")), &ours).await.is_err(), "another authority's");
        assert!(call(None, &ours).await.is_err(), "no certificate");
        assert!(call(Some(ours.certify(folder.path(), "peer")), &theirs).await.is_err(), "a server we do not know");
    });
}
