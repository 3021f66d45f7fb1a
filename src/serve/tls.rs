//! The certificate of the server, which is read again when its files change.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::serve::settings::CertificateFiles;

/// Reads a certificate and its key.
///
/// # Errors
/// Returns a message if a file cannot be read, or if the key does not belong to the certificate.
pub(super) fn acceptor(files: &CertificateFiles) -> Result<TlsAcceptor, String> {
    let shown = |path: &std::path::Path, error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
    let chain = CertificateDer::pem_file_iter(&files.chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| shown(&files.chain, &error))?;
    if chain.is_empty() {
        return Err(shown(&files.chain, &"expected a certificate in PEM, found none"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| shown(&files.key, &error))?;
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| shown(&files.chain, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
