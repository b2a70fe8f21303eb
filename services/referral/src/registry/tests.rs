//! Seals, wrapped keys and the key file, without a database.

use super::*;
use handsel_service::SeededEntropy;

fn material() -> KeyMaterial {
    KeyMaterial::from_keys([1; 32], &[2; 32], &[3; 32], &[4; 32])
}

#[test]
fn a_seal_opens_for_its_own_person_and_field_only() {
    let entropy = SeededEntropy::new(1);
    let key = DataKey::draw(&entropy);
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let sealed = key.seal(one, Field::Name, "Jan Novák".as_bytes(), &entropy).unwrap();
    assert_eq!(key.open_text(one, Field::Name, &sealed).unwrap(), "Jan Novák");
    assert!(key.open(other, Field::Name, &sealed).is_err());
    assert!(key.open(one, Field::Contact, &sealed).is_err());
    assert!(DataKey::draw(&entropy).open(one, Field::Name, &sealed).is_err());
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(key.open(one, Field::Name, &changed).is_err(), "bit of byte {place}");
    }
    assert!(key.open(one, Field::Name, &sealed[..5]).is_err());
}

#[tokio::test]
async fn a_key_is_unwrapped_by_the_key_that_wrapped_it_for_its_own_person_and_purpose() {
    let entropy = SeededEntropy::new(1);
    let (key, subject) = (DataKey::draw(&entropy), Uuid::from_u128(1));
    let bound = bound_to(subject, Purpose::Contract);
    let wrapped = material().wrap(key.as_bytes(), &bound, &entropy).await.unwrap();
    assert_eq!(&material().unwrap(&wrapped, &bound).await.unwrap(), key.as_bytes());
    let other = Wrapped { wrapping_key: "2".into(), ..wrapped.clone() };
    assert!(matches!(material().unwrap(&other, &bound).await, Err(KeyProviderError::Missing(_))));
    for elsewhere in [bound_to(Uuid::from_u128(2), Purpose::Contract), bound_to(subject, Purpose::Tax)] {
        assert!(matches!(material().unwrap(&wrapped, &elsewhere).await, Err(KeyProviderError::Broken)));
    }
    let other = KeyMaterial::from_keys([9; 32], &[2; 32], &[3; 32], &[4; 32]);
    assert!(other.unwrap(&wrapped, &bound).await.is_err());
}

#[tokio::test]
async fn a_key_file_is_made_once_and_read_ever_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("referral.keys");
    let key = DataKey::draw(&SeededEntropy::new(3));
    let made = KeyMaterial::from_file_or_create(&path, &SeededEntropy::new(1)).unwrap();
    let wrapped = made.wrap(key.as_bytes(), b"him", &SeededEntropy::new(4)).await.unwrap();
    let read = KeyMaterial::from_file_or_create(&path, &SeededEntropy::new(2)).unwrap();
    assert_eq!(&read.unwrap(&wrapped, b"him").await.unwrap(), key.as_bytes());
    assert_eq!(fs_names(folder.path()), ["referral.keys"]);
    std::fs::write(&path, "{}").unwrap();
    let refused = KeyMaterial::from_file_or_create(&path, &SeededEntropy::new(2));
    assert!(matches!(refused, Err(KeyMaterialError::NotAKeyFile(_))));
}

fn fs_names(folder: &std::path::Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
