// A provider of OpenID Connect on loopback: whoever signs in as NAME is NAME, in the groups of that name below.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const groups = { ana: ["comms"], li: ["comms", "maintainers"], eve: ["strangers"] };
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: "desk", client_secret: "secret-of-the-desk", redirect_uris: [redirect], grant_types: ["authorization_code"], response_types: ["code"] }],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: `sub-of-${id}`, preferred_username: id, groups: globalThis.changed?.[id] ?? groups[id] ?? [] }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
process.stdin.on("data", text => { globalThis.changed = JSON.parse(text); });
process.stdin.on("end", () => process.exit(0));
