// Shows why a security key or passkey could not be used. allauth's script only logs it.
(() => {
  const words = {
    NotAllowedError: gettext("The request was cancelled, or the key did not answer in time. Try again."),
    InvalidStateError: gettext("This key is registered already."),
    SecurityError: gettext("Security keys require a host name. They work over HTTPS and at http://localhost, but not at an IP address."),
    NotSupportedError: gettext("This key cannot do what is needed. Try another one."),
  };
  document.addEventListener("allauth.error", (event) => {
    const place = document.getElementById("passkey-error");
    const { exception } = event.detail;
    if (!place) return;
    event.preventDefault();
    const none = !window.PublicKeyCredential;
    place.textContent = none ? words.SecurityError : words[exception.name] || gettext("The key could not be used. Try again, or sign in another way.");
    place.hidden = false;
  });
})();
