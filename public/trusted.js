// Trusted Types, in browsers that have them: every text that becomes markup or the address of a script passes this policy, the only
// one that the Content-Security-Policy allows. Markup is made of the templates inside the program; tokens, names and messages are
// text nodes. No policy lets a text become code.
//
// A classic script, so that it runs before every module.

{
  // What a template has no use for, and what would run or fetch something.
  const ACTIVE = /<\s*(?:script|style|link|meta|base|iframe|frame|object|embed|form)\b|[\s"'/]on\w+\s*=|srcdoc|javascript:/i;

  /** The text as it is, if it is markup that only shows something. */
  const createHTML = (text) => {
    if (ACTIVE.test(text)) throw new TypeError("markup that could run something is refused");
    return text;
  };

  /** The address as it is, if it is of the page's own server. */
  const createScriptURL = (address) => {
    if (new URL(address, document.baseURI).origin !== new URL(document.baseURI).origin) {
      throw new TypeError(`a script from another server is refused: ${address}`);
    }
    return address;
  };

  globalThis.trustedTypes?.createPolicy("default", { createHTML, createScriptURL });
}
