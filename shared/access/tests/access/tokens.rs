//! Which tokens are accepted: one row a situation.

use crate::provider::{
    ISSUER, NOW, Signer, TestClock, claims, key_set, part, settings, verifier, verifier_with, with, without,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use handsel_access::{KeySet, KeySetError, KeySource, SetUpError, TokenFault, Verifier};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::fs;

#[test]
fn every_kind_of_bad_token_is_refused_for_its_own_reason() {
    let ed = Signer::ed25519("ed-1");
    let other = Signer::ed25519("ed-2");
    let ec = Signer::p256("ec-1");
    let stranger = Signer::ed25519("ed-1");
    let verifier = verifier(&[&ed, &other, &ec], &TestClock::new());
    let good = ed.sign(&claims());
    let pieces: Vec<&str> = good.split('.').collect();
    let altered = part(&with("branch", json!("*")));

    let table: Vec<(&str, String, TokenFault)> = vec![
        ("nothing", String::new(), TokenFault::Malformed),
        ("garbage", "garbage".into(), TokenFault::Malformed),
        ("two dots", "..".into(), TokenFault::Malformed),
        ("garbage with two dots", "a.b.c".into(), TokenFault::Malformed),
        ("a fourth part", format!("{good}.x"), TokenFault::Malformed),
        ("no signature", format!("{}.{}.", pieces[0], pieces[1]), TokenFault::BadSignature),
        ("8,193 bytes", "a".repeat(8193), TokenFault::TooLong),
        ("claims altered", format!("{}.{altered}.{}", pieces[0], pieces[2]), TokenFault::BadSignature),
        ("another's signature", stranger.sign(&claims()), TokenFault::BadSignature),
        ("no kid", ed.sign_as(None, &claims()), TokenFault::NoKeyId),
        ("unknown kid", ed.sign_as(Some("ed-9"), &claims()), TokenFault::UnknownKey),
        ("kid of another key", ed.sign_as(Some("ed-2"), &claims()), TokenFault::BadSignature),
        ("kid of a key of another algorithm", ed.sign_as(Some("ec-1"), &claims()), TokenFault::WrongAlgorithm),
        ("alg none", format!("{}.{}.", part(&json!({"alg": "none", "kid": "ed-1"})), pieces[1]), TokenFault::Malformed),
        ("HS256 by the public key", hmac_by_public_key(&ed), TokenFault::WrongAlgorithm),
        ("RS512, which nobody's key is for", header_says(pieces[1], "RS512"), TokenFault::WrongAlgorithm),
        ("critical extensions", critical(&ed), TokenFault::CriticalHeader),
        ("claims that are a list", ed.sign(&json!([1, 2])), TokenFault::Malformed),
        ("no issuer", ed.sign(&without("iss")), TokenFault::ClaimAbsent("iss")),
        ("wrong issuer", ed.sign(&with("iss", json!("https://else.example"))), TokenFault::WrongIssuer),
        ("issuer with a slash more", ed.sign(&with("iss", json!(format!("{ISSUER}/")))), TokenFault::WrongIssuer),
        ("issuer in a list", ed.sign(&with("iss", json!([ISSUER]))), TokenFault::WrongIssuer),
        ("no audience", ed.sign(&without("aud")), TokenFault::ClaimAbsent("aud")),
        ("wrong audience", ed.sign(&with("aud", json!("ledger"))), TokenFault::WrongAudience),
        ("no audience in the list", ed.sign(&with("aud", json!([]))), TokenFault::WrongAudience),
        ("no subject", ed.sign(&without("sub")), TokenFault::ClaimAbsent("sub")),
        ("empty subject", ed.sign(&with("sub", json!(""))), TokenFault::ClaimMalformed("sub")),
        ("subject of 256 bytes", ed.sign(&with("sub", json!("s".repeat(256)))), TokenFault::ClaimMalformed("sub")),
        ("subject with a line break", ed.sign(&with("sub", json!("a\nb"))), TokenFault::ClaimMalformed("sub")),
        ("no expiry", ed.sign(&without("exp")), TokenFault::ClaimAbsent("exp")),
        ("expiry as text", ed.sign(&with("exp", json!("1900000000"))), TokenFault::ClaimMalformed("exp")),
        ("expiry null", ed.sign(&with("exp", Value::Null)), TokenFault::ClaimMalformed("exp")),
        ("expired", ed.sign(&with("exp", json!(NOW - 60))), TokenFault::Expired),
        ("expired at the leeway's end", ed.sign(&with("exp", json!(NOW - 30))), TokenFault::Expired),
        ("expiry before all time", ed.sign(&with("exp", json!(i64::MIN))), TokenFault::Expired),
        ("not yet valid", ed.sign(&with("nbf", json!(NOW + 31))), TokenFault::NotYetValid),
        ("not before as text", ed.sign(&with("nbf", json!("now"))), TokenFault::ClaimMalformed("nbf")),
        ("person as number", ed.sign(&with("person", json!(7))), TokenFault::ClaimMalformed("person")),
        ("empty person", ed.sign(&with("person", json!(""))), TokenFault::ClaimMalformed("person")),
        ("branch with a space", ed.sign(&with("branch", json!("01 01"))), TokenFault::ClaimMalformed("branch")),
        ("branch of 17 letters", ed.sign(&with("branch", json!("b".repeat(17)))), TokenFault::ClaimMalformed("branch")),
        ("branches in a list", ed.sign(&with("branch", json!(["0101"]))), TokenFault::ClaimMalformed("branch")),
        ("roles as number", ed.sign(&with("roles", json!(1))), TokenFault::ClaimMalformed("roles")),
        (
            "a role that is a number",
            ed.sign(&with("roles", json!(["service", 1]))),
            TokenFault::ClaimMalformed("roles"),
        ),
        ("257 roles", ed.sign(&with("roles", json!(vec!["x"; 257]))), TokenFault::ClaimMalformed("roles")),
    ];
    for (situation, token, fault) in table {
        assert_eq!(verifier.verify(&token).unwrap_err(), fault, "{situation}");
    }
    assert_eq!(verifier.remembered(), 0, "a refused token is not remembered");
}

#[test]
fn every_kind_of_good_token_is_accepted() {
    let (ed, ec, rsa) = (Signer::ed25519("ed"), Signer::p256("ec"), Signer::rsa("rsa"));
    let verifier = verifier(&[&ed, &ec, &rsa], &TestClock::new());
    let table = [
        ("EdDSA", ed.sign(&claims())),
        ("ES256", ec.sign(&claims())),
        ("RS256", rsa.sign(&claims())),
        ("audience in a list", ed.sign(&with("aud", json!(["ledger", "handsel"])))),
        ("expired within the leeway", ed.sign(&with("exp", json!(NOW - 29)))),
        ("not before within the leeway", ed.sign(&with("nbf", json!(NOW + 30)))),
        ("expiry after all time", ed.sign(&with("exp", json!(i64::MAX)))),
        ("256 roles", ed.sign(&with("roles", json!(vec!["x"; 256])))),
        (
            "no branch, no person, no roles",
            ed.sign(&json!({"iss": ISSUER, "aud": "handsel", "sub": "s", "exp": NOW + 1})),
        ),
        ("subject of 255 bytes", ed.sign(&with("sub", json!("s".repeat(255))))),
    ];
    for (situation, token) in table {
        assert!(verifier.verify(&token).is_ok(), "{situation}: {:?}", verifier.verify(&token));
    }
}

#[test]
fn a_remembered_token_still_expires() {
    let (ed, clock) = (Signer::ed25519("ed"), TestClock::new());
    let verifier = verifier(&[&ed], &clock);
    let token = ed.sign(&with("exp", json!(NOW + 600)));
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(verifier.remembered(), 1);
    clock.set(NOW + 629);
    assert!(verifier.verify(&token).is_ok(), "within the leeway");
    clock.set(NOW + 630);
    assert_eq!(verifier.verify(&token), Err(TokenFault::Expired));
}

#[test]
fn a_remembered_token_of_a_key_rotated_out_is_refused() {
    let (old, new, clock) = (Signer::ed25519("old"), Signer::ed25519("new"), TestClock::new());
    let verifier = verifier(&[&old], &clock);
    let token = old.sign(&claims());
    assert!(verifier.verify(&token).is_ok());
    verifier.replace_keys(KeySet::parse(&key_set(&[&new])).unwrap());
    assert_eq!(verifier.verify(&token), Err(TokenFault::UnknownKey));
    assert!(verifier.verify(&new.sign(&claims())).is_ok());
}

#[test]
fn the_memory_is_bounded() {
    let (ed, clock) = (Signer::ed25519("ed"), TestClock::new());
    let mut few = settings();
    few.remembered_tokens = 16;
    let verifier = verifier_with(&few, &[&ed], &clock);
    for number in 0..200 {
        assert!(verifier.verify(&ed.sign(&with("sub", json!(format!("account-{number}"))))).is_ok());
    }
    assert!((1..=16).contains(&verifier.remembered()), "{}", verifier.remembered());
}

#[test]
fn a_key_file_is_followed_while_the_program_runs() {
    let (old, new, clock) = (Signer::ed25519("old"), Signer::ed25519("new"), TestClock::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    fs::write(&path, key_set(&[&old])).unwrap();
    let verifier = Verifier::new(&settings(), KeySource::File(path.clone()), clock.now()).unwrap();
    let (of_old, of_new) = (old.sign(&claims()), new.sign(&claims()));
    assert!(verifier.verify(&of_old).is_ok());

    fs::write(&path, key_set(&[&old, &new])).unwrap();
    assert_eq!(verifier.verify(&of_new), Err(TokenFault::UnknownKey), "looked at a moment ago");
    clock.pass(5);
    assert!(verifier.verify(&of_new).is_ok(), "an unknown key makes it look again");

    fs::write(&path, "{ half a fi").unwrap();
    clock.pass(30);
    assert!(verifier.verify(&of_old).is_ok(), "a broken file changes nothing");

    fs::write(&path, key_set(&[&new])).unwrap();
    clock.pass(29);
    assert!(verifier.verify(&of_old).is_ok(), "not due yet");
    clock.pass(1);
    assert_eq!(
        verifier.verify(&of_old),
        Err(TokenFault::UnknownKey),
        "a key taken out loses its force, remembered or not"
    );
    assert!(verifier.verify(&of_new).is_ok());
}

#[test]
fn a_key_set_is_taken_only_where_it_is_of_use() {
    let ed = Signer::ed25519("ed");
    let set = |change: Change<'_>| {
        let mut key = ed.public.clone();
        change(&mut key);
        KeySet::parse(&json!({ "keys": [key] }).to_string())
    };
    assert!(set(&|_| {}).is_ok());
    assert!(set(&|key| _ = key.as_object_mut().unwrap().remove("alg")).is_ok(), "Entra leaves `alg` out");
    assert!(set(&|key| key["use"] = json!("sig")).is_ok());
    let unusable: [(&str, Change<'_>); 6] = [
        ("no kid", &|key| _ = key.as_object_mut().unwrap().remove("kid")),
        ("an HMAC key", &|key| *key = json!({"kty": "oct", "kid": "h", "alg": "HS256", "k": "c2VjcmV0"})),
        ("alg of another kind of key", &|key| key["alg"] = json!("ES256")),
        ("HMAC by the public key", &|key| key["alg"] = json!("HS256")),
        ("for encryption", &|key| key["use"] = json!("enc")),
        ("for other operations", &|key| key["key_ops"] = json!(["sign"])),
    ];
    for (situation, change) in unusable {
        assert!(matches!(set(change), Err(KeySetError::Empty)), "{situation}");
    }
    let twice = json!({ "keys": [ed.public, ed.public] }).to_string();
    assert!(matches!(KeySet::parse(&twice), Err(KeySetError::TwiceTheSameId(kid)) if kid == "ed"));
    assert!(matches!(KeySet::parse("[]"), Err(KeySetError::Malformed(_))));
    let many = json!({ "keys": vec![&ed.public; 65] }).to_string();
    assert!(matches!(KeySet::parse(&many), Err(KeySetError::TooMany(65))));
}

#[test]
fn without_a_key_file_there_is_no_verifier() {
    let folder = tempfile::tempdir().unwrap();
    let absent = KeySource::File(folder.path().join("absent.json"));
    assert!(matches!(Verifier::new(&settings(), absent, TestClock::new().now()), Err(SetUpError::Keys(_))));
}

/// Something done to a published key.
type Change<'a> = &'a dyn Fn(&mut Value);

/// The classic confusion: the public key, known to all, as the secret of an HMAC.
fn hmac_by_public_key(signer: &Signer) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(signer.kid.clone());
    let public = URL_SAFE_NO_PAD.decode(signer.public["x"].as_str().unwrap()).unwrap();
    encode(&header, &claims(), &EncodingKey::from_secret(&public)).unwrap()
}

fn header_says(claims: &str, algorithm: &str) -> String {
    format!("{}.{claims}.c2lnbmF0dXJl", part(&json!({"alg": algorithm, "kid": "ed-1"})))
}

fn critical(signer: &Signer) -> String {
    let mut header = Header::new(signer.algorithm);
    header.kid = Some(signer.kid.clone());
    header.crit = Some(vec!["b64".to_owned()]);
    encode(&header, &claims(), &signer.private).unwrap()
}
