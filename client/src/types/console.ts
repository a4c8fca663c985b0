export interface paths {
  '/.well-known/jwks.json': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Get the public keys */
    get: operations['getWellKnownJwksJson']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/.well-known/webauthn': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the origins that may use the passkeys
     * @description Browsers ask the relying party's host which other origins may use its passkeys.
     */
    get: operations['getWellKnownWebauthn']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/docs/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Read this reference
     * @description The reference of this host's API to read and to try out, with the session of the browser.
     */
    get: operations['getApiDocs']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/archives/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List archives
     * @description For Owners.
     */
    get: operations['getArchives']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/archives/{name}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Download an archive
     * @description Streams the archive file. For Owners. Needs reauthentication.
     */
    get: operations['getArchivesByName']
    put?: never
    post?: never
    /**
     * Delete an archive
     * @description For Owners. Needs reauthentication.
     */
    delete: operations['deleteArchivesByName']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/archives/{name}/restorations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Restore an archive as a new organisation
     * @description Restores the archive as a new organisation. The operation's result is `{tenant, subdomain, url}`. For Owners. Needs reauthentication.
     */
    post: operations['postArchivesByNameRestorations']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/audit/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List audit events
     * @description The audit events of this realm, newest first. For Owners and Support.
     */
    get: operations['getAudit']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/audit/export.csv': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Export audit events as CSV
     * @description The audit events as a CSV file, newest first, with the list's search and filters. `subject_name` is the subject's current name, `support` the operator who acted as the actor. For Owners and Support. Needs reauthentication.
     */
    get: operations['getAuditExportCsv']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/devices/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List remembered devices
     * @description The browsers in which the caller need not give a second factor, the last used first. For everyone who is signed in.
     */
    get: operations['getAuthDevices']
    put?: never
    post?: never
    /**
     * Forget all remembered devices
     * @description For everyone who is signed in.
     */
    delete: operations['deleteAuthDevices']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/devices/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /**
     * Forget a remembered device
     * @description For everyone who is signed in.
     */
    delete: operations['deleteAuthDevicesById']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the own second factors
     * @description For everyone who is signed in.
     */
    get: operations['getAuthFactors']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/passkeys/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Add a passkey
     * @description For everyone who is signed in. Needs reauthentication.
     */
    post: operations['postAuthFactorsPasskeys']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/passkeys/options/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Begin to add a passkey
     * @description What a browser needs to create a passkey, as JSON of WebAuthn. For everyone who is signed in. Needs reauthentication.
     */
    post: operations['postAuthFactorsPasskeysOptions']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/recovery-codes/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Get new recovery codes
     * @description The former ones are void. For everyone who is signed in. Needs reauthentication.
     */
    post: operations['postAuthFactorsRecoveryCodes']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/totp/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Begin to add an authenticator app
     * @description The app counts as a factor when its first code is confirmed. It replaces one that was not confirmed. For everyone who is signed in. Needs reauthentication.
     */
    post: operations['postAuthFactorsTotp']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/totp/{id}/confirmation/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Confirm an authenticator app with a code
     * @description For everyone who is signed in.
     */
    put: operations['putAuthFactorsTotpByIdConfirmation']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/factors/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /**
     * Remove a second factor
     * @description The last one cannot be removed where the organisation requires one: 409 `factor_required`. For everyone who is signed in. Needs reauthentication.
     */
    delete: operations['deleteAuthFactorsById']
    options?: never
    head?: never
    /**
     * Rename a second factor
     * @description For everyone who is signed in.
     */
    patch: operations['patchAuthFactorsById']
    trace?: never
  }
  '/api/v1/auth/jwt/blacklist/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * End a session by its refresh token
     * @description 401 for a session that has ended.
     */
    post: operations['postAuthJwtBlacklist']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/jwt/create/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Sign in with tokens
     * @description Wrong credentials are 401 with the same answer in the same time, whatever was wrong. If the user has a second factor, right ones are 401 `second_factor_required`, with a challenge for `jwt/second-factor/`.
     */
    post: operations['postAuthJwtCreate']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/jwt/passkey/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Sign in with tokens: a passkey */
    post: operations['postAuthJwtPasskey']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/jwt/refresh/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Renew tokens
     * @description Returns a new refresh token, which replaces the old one. For ten seconds the old one is answered with the same successor; after that, using it ends the session.
     */
    post: operations['postAuthJwtRefresh']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/jwt/second-factor/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Sign in with tokens: second step
     * @description Answers the challenge that `jwt/create/` gave. It can be answered for five minutes, with five tries, and once.
     */
    post: operations['postAuthJwtSecondFactor']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/jwt/verify/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Verify a token
     * @description A token of either type. It is 401 if the token is not valid or its session has ended, and never 400.
     */
    post: operations['postAuthJwtVerify']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/passkeys/options/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Begin to sign in with a passkey
     * @description With the challenge of a sign-in: for its user's passkeys. Without: for any passkey, the same for everyone.
     */
    post: operations['postAuthPasskeysOptions']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/reauthentication/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Check that the user has confirmed that it is them
     * @description For a page, before it lets the browser do what needs reauthentication: 403 where the user must confirm it first. For everyone who is signed in. Needs reauthentication.
     */
    get: operations['getAuthReauthentication']
    put?: never
    /**
     * Confirm that it is the user
     * @description For 15 minutes, this session may then do what needs reauthentication. For everyone who is signed in.
     */
    post: operations['postAuthReauthentication']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/reauthentication/options/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Begin to confirm with a passkey
     * @description For everyone who is signed in.
     */
    post: operations['postAuthReauthenticationOptions']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/rules/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the rules for accounts
     * @description The rules for accounts, for people who have none yet or cannot sign in. `mailbox`: whether `/mailbox` shows the mails of this host.
     */
    get: operations['getAuthRules']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/session/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Sign in with cookies
     * @description Sets two cookies, which scripts cannot read. The session of the cookies that they replace ends. If the user has a second factor and this browser is not remembered, a right password is answered with 401 `second_factor_required` and a challenge for `session/second-factor/`.
     */
    post: operations['postAuthSession']
    /**
     * Sign out
     * @description Signs out. Works with either cookie; without a valid one there is nothing to end.
     */
    delete: operations['deleteAuthSession']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/session/passkey/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Sign in with cookies: a passkey
     * @description The passkey must ask for a PIN or a fingerprint: it counts as two factors.
     */
    post: operations['postAuthSessionPasskey']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/session/refresh/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Renew the cookies
     * @description Never clears a cookie: the loser of a race would sign the winner out.
     */
    post: operations['postAuthSessionRefresh']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/session/second-factor/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Sign in with cookies: second step
     * @description Answers the challenge that `session/` gave. With `remember_device`, this browser needs no second factor for 30 days.
     */
    post: operations['postAuthSessionSecondFactor']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List users
     * @description djoser's list: an Admin sees all users, Staff only themselves. The directory is `users/`. For everyone who is signed in.
     */
    get: operations['getAuthUsers']
    put?: never
    /**
     * Create a user, or register
     * @description An Admin creates users with any role; without a password, the user gets a mail with a link to choose one. Anyone else registers, where `registration` is `open`: this creates inactive Staff and sends the activation mail. Otherwise it is 403 `registration_closed`. Needs reauthentication.
     */
    post: operations['postAuthUsers']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/activation/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Activate an account
     * @description 403 if there is nothing to activate.
     */
    post: operations['postAuthUsersActivation']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/link_lookup/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Check a mailed link
     * @description Says whether a mailed link still works, and does not use it up.
     */
    post: operations['postAuthUsersLinkLookup']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/me/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the own account
     * @description For everyone who is signed in.
     */
    get: operations['getAuthUsersMe']
    /**
     * Change the own account
     * @description Changes names and language; `photo: null` removes the photo. A field that others change, such as `role`, must have its current value. For everyone who is signed in.
     */
    put: operations['putAuthUsersMe']
    post?: never
    /**
     * Delete the own account
     * @description Takes the caller's password. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in.
     */
    delete: operations['deleteAuthUsersMe']
    options?: never
    head?: never
    /**
     * Change the own account
     * @description Changes names and language; `photo: null` removes the photo. A field that others change, such as `role`, must have its current value. For everyone who is signed in.
     */
    patch: operations['patchAuthUsersMe']
    trace?: never
  }
  '/api/v1/auth/users/me/export/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Export the own data
     * @description All data about the caller. For everyone who is signed in.
     */
    get: operations['getAuthUsersMeExport']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/resend_activation/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Request another activation mail
     * @description The same answer for every address; a user who can be activated gets a mail.
     */
    post: operations['postAuthUsersResendActivation']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/reset_password/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Request a password reset
     * @description The same answer for every address; a user with an account gets a mail.
     */
    post: operations['postAuthUsersResetPassword']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/reset_password_confirm/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Set a password with a link
     * @description Ends all sessions, and signs nobody in.
     */
    post: operations['postAuthUsersResetPasswordConfirm']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/set_email/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Request a change of address
     * @description The address changes when the link in the mail to the new address is used, not before. The old address gets a notice then. 204 also for an address that is taken. For everyone who is signed in.
     */
    post: operations['postAuthUsersSetEmail']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/set_email_confirm/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Confirm a change of address */
    post: operations['postAuthUsersSetEmailConfirm']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/set_password/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Change the own password
     * @description Ends every session except the caller's. For everyone who is signed in.
     */
    post: operations['postAuthUsersSetPassword']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/auth/users/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get a user
     * @description For everyone who is signed in.
     */
    get: operations['getAuthUsersById']
    /**
     * Change a user
     * @description An Admin changes any user; Staff find only themselves, and change their names and language. A new `email` of another user ends their sessions and links, and both addresses get a mail. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in. Needs reauthentication.
     */
    put: operations['putAuthUsersById']
    post?: never
    /**
     * Delete a user
     * @description Deletes a user, or the caller's own account; it takes the caller's password. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in. Needs reauthentication.
     */
    delete: operations['deleteAuthUsersById']
    options?: never
    head?: never
    /**
     * Change a user
     * @description An Admin changes any user; Staff find only themselves, and change their names and language. A new `email` of another user ends their sessions and links, and both addresses get a mail. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in. Needs reauthentication.
     */
    patch: operations['patchAuthUsersById']
    trace?: never
  }
  '/api/v1/health/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the health of the platform
     * @description The health of this process and its database; other processes may differ. For everyone who is signed in.
     */
    get: operations['getHealth']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/health/checks/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Check the installation
     * @description What `tenantry doctor` finds. It reads something of every organisation, which takes a while if there are many. For Owners.
     */
    get: operations['getHealthChecks']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/health/nodes/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the database's machines
     * @description The machines of a Citus cluster, as each of them describes itself. For everyone who is signed in.
     */
    get: operations['getHealthNodes']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List scheduled jobs
     * @description For everyone who is signed in.
     */
    get: operations['getJobs']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/runs/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List runs of scheduled jobs
     * @description What the scheduled jobs have done in the last days, newest first. For everyone who is signed in.
     */
    get: operations['getJobsRuns']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{name}/runs/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Run a scheduled job
     * @description Runs a scheduled job now; `jobs/runs/` has its result. 404 if there is none of this name. For Owners.
     */
    post: operations['postJobsByNameRuns']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/keys/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the signing keys of all organisations
     * @description The state of each tenant's signing keys. For everyone who is signed in.
     */
    get: operations['getKeys']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/keys/rotations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Rotate the signing keys of all organisations
     * @description Rotates the keys of all tenants and the console. The operation reports the progress. For Owners. Needs reauthentication.
     */
    post: operations['postKeysRotations']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/mailbox/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the mails of the demo
     * @description The mails of this host, newest first; in development and the demo only.
     */
    get: operations['getMailbox']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/mailbox/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get a mail of the demo
     * @description One mail, with its links; in development and the demo only.
     */
    get: operations['getMailboxById']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/migrations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the schema version of each organisation
     * @description Each tenant's schema version, the counts by state, and the current or last run. For everyone who is signed in.
     */
    get: operations['getMigrations']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/migrations/pause/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Pause the migration of all organisations
     * @description Pauses the migration of all tenants, wherever it runs; `POST migrations/runs/` resumes it. Without one in progress, nothing changes. For Owners.
     */
    put: operations['putMigrationsPause']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/migrations/plan/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Show what migrating all organisations would do
     * @description What a migration of all tenants would do: its statements, what they lock, and how much they touch. For everyone who is signed in.
     */
    get: operations['getMigrationsPlan']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/migrations/retries/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Retry the migrations that have failed
     * @description As `runs/`, for those only whose migration has failed. For Owners.
     */
    post: operations['postMigrationsRetries']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/migrations/runs/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Migrate all organisations
     * @description Starts a migration of every tenant's schema, or resumes the one that was paused, unless one is in progress; `migrations/` has its progress. For Owners.
     */
    post: operations['postMigrationsRuns']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/openapi.json': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get this reference
     * @description The reference of this host's API, made from the routes' declarations by `npm run openapi`.
     */
    get: operations['getOpenapiJson']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/operations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List operations
     * @description Operations, newest first by default. For everyone who is signed in.
     */
    get: operations['getOperations']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/operations/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get an operation
     * @description For everyone who is signed in.
     */
    get: operations['getOperationsById']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/outbox/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List mails
     * @description Waiting mails and those of the last 30 days, newest first: kind and recipient, never the content. For Owners and Support.
     */
    get: operations['getOutbox']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/outbox/retries/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Retry all failed mails
     * @description Retries all mails at once that were given up or have waited for long. For Owners and Support.
     */
    post: operations['postOutboxRetries']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/outbox/{id}/retries/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Retry a mail
     * @description Retries one mail at once; 404 if it was sent or is being sent. For Owners and Support.
     */
    post: operations['postOutboxByIdRetries']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/overview/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the overview of the platform
     * @description Organisations by status, open tasks of operators, the newest and the busiest organisations, storage in bytes, and what happened on each of the last 30 days. For everyone who is signed in.
     */
    get: operations['getOverview']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/people/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Find people in all organisations
     * @description Finds people in all organisations by name or address, with three characters or more: at most 50, and ten of one organisation. Each search is recorded. For Owners and Support.
     */
    get: operations['getPeople']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/sessions/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List sessions
     * @description The caller's live sessions, newest first; an Admin can also see a user's, by `?user=`. For everyone who is signed in.
     */
    get: operations['getSessions']
    put?: never
    post?: never
    /**
     * End all other sessions
     * @description Ends all of the caller's other sessions; an Admin ends all of a user's, by `?user=`. If those are an operator's, their support sessions end too. For everyone who is signed in.
     */
    delete: operations['deleteSessions']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/sessions/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /**
     * End a session
     * @description For everyone who is signed in.
     */
    delete: operations['deleteSessionsById']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signups/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List sign-ups
     * @description The sign-ups from the site, newest first. For Owners.
     */
    get: operations['getSignups']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signups/{id}/approval/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Approve a sign-up
     * @description Creates the organisation. Repeating changes nothing; 409 `signup_decided` if it was refused. For Owners.
     */
    put: operations['putSignupsByIdApproval']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signups/{id}/refusal/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Refuse a sign-up
     * @description The reason is mailed. Repeating changes nothing; 409 `signup_decided` if the organisation was created. For Owners.
     */
    put: operations['putSignupsByIdRefusal']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/support-accesses/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List support accesses
     * @description Support accesses: who signed in as whom, why and until when; newest first. For Owners and Support.
     */
    get: operations['getSupportAccesses']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/support-accesses/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /**
     * End a support access
     * @description Ends a support access and its session. For Owners and Support.
     */
    delete: operations['deleteSupportAccessesById']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List organisations
     * @description The search is over names, subdomains, public ids and business addresses. `size` is in bytes. For everyone who is signed in.
     */
    get: operations['getTenants']
    put?: never
    /**
     * Create an organisation
     * @description Creates a tenant. Its first Admin gets a mail with a link to set a password. For Owners.
     */
    post: operations['postTenants']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/export.csv': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Export organisations as CSV
     * @description The tenants as a CSV file, with the list's search and filters. For everyone who is signed in. Needs reauthentication.
     */
    get: operations['getTenantsExportCsv']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get an organisation
     * @description For everyone who is signed in.
     */
    get: operations['getTenantsById']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    /**
     * Change an organisation
     * @description For Owners.
     */
    patch: operations['patchTenantsById']
    trace?: never
  }
  '/api/v1/tenants/{id}/archives/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the archives of an organisation
     * @description For Owners.
     */
    get: operations['getTenantsByIdArchives']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/clones/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Clone an organisation
     * @description A copy in which nobody can be recognised. The operation's result is `{tenant, subdomain, url}`. For Owners. Needs reauthentication.
     */
    post: operations['postTenantsByIdClones']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/deletion/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Schedule the deletion of an organisation
     * @description Schedules the deletion. With `now` and the `subdomain` as confirmation it starts at once; the answer's `operation` has the progress. For Owners. Needs reauthentication.
     */
    put: operations['putTenantsByIdDeletion']
    post?: never
    /**
     * Cancel the deletion of an organisation
     * @description Cancels the deletion, for as long as it has not begun. For Owners.
     */
    delete: operations['deleteTenantsByIdDeletion']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/domains/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the domains of an organisation
     * @description For everyone who is signed in.
     */
    get: operations['getTenantsByIdDomains']
    put?: never
    /**
     * Add a domain
     * @description It is served when the DNS record with its `challenge` has been found. For Owners.
     */
    post: operations['postTenantsByIdDomains']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/domains/{host}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    post?: never
    /**
     * Remove a domain
     * @description 409 `in_use` for the primary domain. For Owners.
     */
    delete: operations['deleteTenantsByIdDomainsByHost']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/domains/{host}/primary/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Make a domain the main address
     * @description Makes the domain the canonical host of links and tokens. 409 for a domain that is not verified. For Owners.
     */
    put: operations['putTenantsByIdDomainsByHostPrimary']
    post?: never
    /**
     * Make the subdomain the main address
     * @description Makes the subdomain the canonical host again. For Owners.
     */
    delete: operations['deleteTenantsByIdDomainsByHostPrimary']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/domains/{host}/verification/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Verify a domain
     * @description Checks the DNS; `verified_at` and `last_error` have the result. For Owners.
     */
    put: operations['putTenantsByIdDomainsByHostVerification']
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/exports/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Archive an organisation
     * @description The operation's result is `{archive, size}`. For Owners. Needs reauthentication.
     */
    post: operations['postTenantsByIdExports']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/insights/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the activity of an organisation
     * @description Its schema, its size, and the requests, errors, sign-ins and refusals of each of the last 30 or 90 days; for Support also the newest events of its audit log. For everyone who is signed in.
     */
    get: operations['getTenantsByIdInsights']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/keys/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the signing keys of an organisation
     * @description The signing keys, each with the number of live sessions that still hold one of its tokens. For everyone who is signed in.
     */
    get: operations['getTenantsByIdKeys']
    put?: never
    /**
     * Rotate the signing key of an organisation
     * @description Creates a key that replaces the current one after a lead time. 409 `wrong_state` while one is on its way. For Owners. Needs reauthentication.
     */
    post: operations['postTenantsByIdKeys']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/maintenance/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Start the maintenance of an organisation
     * @description Every request to its hosts is 503 `maintenance`, whatever its status. For Owners and Support.
     */
    put: operations['putTenantsByIdMaintenance']
    post?: never
    /**
     * End the maintenance of an organisation
     * @description For Owners and Support.
     */
    delete: operations['deleteTenantsByIdMaintenance']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/migrations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Migrate an organisation
     * @description Migrates one tenant's schema now, and returns the result. For Owners and Support.
     */
    post: operations['postTenantsByIdMigrations']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/restorations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Restore an organisation from an archive
     * @description Replaces all of the tenant's data by an archive; `keep` archives the present data first. The operation's result is `{tenant, kept}`. For Owners. Needs reauthentication.
     */
    post: operations['postTenantsByIdRestorations']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/support-accesses/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Request support access
     * @description Returns a link with which the operator signs in as the user, once and within a minute. 403 `support_refused` if the organisation does not allow it. For Owners and Support. Needs reauthentication.
     */
    post: operations['postTenantsByIdSupportAccesses']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/suspension/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    /**
     * Suspend an organisation
     * @description For Owners and Support.
     */
    put: operations['putTenantsByIdSuspension']
    post?: never
    /**
     * Resume an organisation
     * @description For Owners and Support.
     */
    delete: operations['deleteTenantsByIdSuspension']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/{id}/users/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the people whom support can sign in as
     * @description The users whom an operator may sign in as, for support: active ones, and only the first few matches. For Owners and Support.
     */
    get: operations['getTenantsByIdUsers']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/users/{id}/factors/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List a user's second factors
     * @description Kinds and dates, for an Admin. For Owners.
     */
    get: operations['getUsersByIdFactors']
    put?: never
    post?: never
    /**
     * Remove all of a user's second factors
     * @description For a user who has lost them: they sign in with the password alone, until they add new ones. They are told by mail. For Owners. Needs reauthentication.
     */
    delete: operations['deleteUsersByIdFactors']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
}
export type webhooks = Record<string, never>
export interface components {
  schemas: {
    /**
     * @example {
     *       "registration": "invite_only",
     *       "registration_domains": [
     *         "text"
     *       ],
     *       "password_min_length": 1,
     *       "mailbox": true
     *     }
     */
    AccountRules: {
      /** @enum {string} */
      registration: 'invite_only' | 'open'
      registration_domains: string[]
      password_min_length: number
      mailbox: boolean
    }
    /**
     * @example {
     *       "name": "Acme Ltd",
     *       "size": 1,
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "tenant": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "name": "Acme Ltd",
     *         "subdomain": "acme"
     *       },
     *       "version": "text",
     *       "people": 1,
     *       "files": 1,
     *       "ours": true,
     *       "encrypted": true,
     *       "problem": "text"
     *     }
     */
    Archive: {
      name: string
      size: number
      created: string | null
      tenant: {
        /** Format: uuid */
        id: string
        name: string
        subdomain: string
      } | null
      version: string | null
      people: number | null
      files: number | null
      ours: boolean
      encrypted: boolean
      problem: string | null
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "action": "text",
     *       "actor": "01940000-0000-7000-8000-000000000001",
     *       "actor_email": "ann@example.com",
     *       "subject": "01940000-0000-7000-8000-000000000001",
     *       "ip": "text",
     *       "details": {},
     *       "names": {}
     *     }
     */
    AuditEvent: {
      /** Format: uuid */
      id: string
      /** Format: date-time */
      created: string
      action: string
      actor: string | null
      actor_email: string | null
      subject: string | null
      ip: string | null
      details: {
        [key: string]: unknown
      }
      names: {
        [key: string]: string
      }
    }
    /**
     * @example {
     *       "checks": [
     *         {
     *           "name": "Acme Ltd",
     *           "found": "text",
     *           "problems": [
     *             "text"
     *           ]
     *         }
     *       ]
     *     }
     */
    Checks: {
      checks: {
        name: string
        found: string
        problems: string[]
      }[]
    }
    /**
     * @example {
     *       "recovery_codes": [
     *         "text"
     *       ]
     *     }
     */
    ConfirmedTotp: {
      recovery_codes: string[] | null
    }
    /**
     * @example {
     *       "challenge": "text"
     *     }
     */
    CreationOptions: {
      challenge: string
    } & {
      [key: string]: unknown
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "last_used": "2026-11-29T09:30:00.000Z",
     *       "expires_at": "2026-11-29T09:30:00.000Z",
     *       "user_agent": "text",
     *       "ip": "text"
     *     }
     */
    Device: {
      /** Format: uuid */
      id: string
      /** Format: date-time */
      created: string
      /** Format: date-time */
      last_used: string
      /** Format: date-time */
      expires_at: string
      user_agent: string | null
      ip: string | null
    }
    /**
     * @example {
     *       "devices": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "last_used": "2026-11-29T09:30:00.000Z",
     *           "expires_at": "2026-11-29T09:30:00.000Z",
     *           "user_agent": "text",
     *           "ip": "text"
     *         }
     *       ]
     *     }
     */
    Devices: {
      devices: components['schemas']['Device'][]
    }
    /**
     * @example {
     *       "host": "staff.example.org",
     *       "is_primary": true,
     *       "challenge": {
     *         "name": "Acme Ltd",
     *         "value": "text"
     *       },
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "verified_at": "2026-11-29T09:30:00.000Z",
     *       "checked_at": "2026-11-29T09:30:00.000Z",
     *       "last_error": "text"
     *     }
     */
    Domain: {
      host: string
      is_primary: boolean
      challenge: {
        name: string
        value: string
      }
      /** Format: date-time */
      created: string
      verified_at: string | null
      checked_at: string | null
      last_error: string | null
    }
    /** @example {} */
    Empty: Record<string, never>
    /**
     * @example {
     *       "detail": "text",
     *       "code": "text",
     *       "current": {},
     *       "challenge": "text",
     *       "methods": [
     *         "password"
     *       ]
     *     }
     */
    Error: {
      /** @description What went wrong, in English. */
      detail: string
      /** @description Why, for programs; the guide lists all codes. */
      code?: string
      /** @description With 412 only: the resource as it is now. */
      current?: Record<string, never>
      /** @description With `second_factor_required` only: what has to be answered. */
      challenge?: string
      /** @description With `second_factor_required` and `reauthentication_required` only: the ways to go on. */
      methods?: ('password' | 'totp' | 'passkey' | 'recovery_code')[]
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "kind": "totp",
     *       "name": "Acme Ltd",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "last_used": "2026-11-29T09:30:00.000Z",
     *       "backed_up": true
     *     }
     */
    Factor: {
      /** Format: uuid */
      id: string
      kind: components['schemas']['FactorKind']
      name: string
      /** Format: date-time */
      created: string
      last_used: string | null
      backed_up?: boolean
    }
    /** @enum {string} */
    FactorKind: 'totp' | 'passkey'
    /**
     * @example {
     *       "factors": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "kind": "totp",
     *           "name": "Acme Ltd",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "last_used": "2026-11-29T09:30:00.000Z",
     *           "backed_up": true
     *         }
     *       ],
     *       "recovery_codes_left": 1,
     *       "required": true,
     *       "required_from": "2026-11-29T09:30:00.000Z"
     *     }
     */
    Factors: {
      factors: components['schemas']['Factor'][]
      recovery_codes_left: number
      required: boolean
      required_from: string | null
    }
    /** @description Messages by field; `non_field_errors` are about several fields. */
    FieldErrors: {
      [key: string]: string[] | string
    }
    /**
     * @example {
     *       "results": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "email": "ann@example.com",
     *           "first_name": "Ann",
     *           "last_name": "Archer",
     *           "role": "Admin",
     *           "is_active": true,
     *           "organization": {
     *             "id": "01940000-0000-7000-8000-000000000001",
     *             "name": "Acme Ltd",
     *             "subdomain": "acme"
     *           }
     *         }
     *       ]
     *     }
     */
    FoundPeople: {
      results: components['schemas']['FoundPerson'][]
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "first_name": "Ann",
     *       "last_name": "Archer",
     *       "role": "Admin",
     *       "is_active": true,
     *       "organization": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "name": "Acme Ltd",
     *         "subdomain": "acme"
     *       }
     *     }
     */
    FoundPerson: {
      /** Format: uuid */
      id: string
      email: string
      first_name: string
      last_name: string
      role: components['schemas']['Role']
      is_active: boolean
      organization: {
        /** Format: uuid */
        id: string
        name: string
        subdomain: string
      }
    }
    /**
     * @example {
     *       "database": {
     *         "version": "text",
     *         "started": "2026-11-29T09:30:00.000Z",
     *         "size": 1,
     *         "connections": 1,
     *         "max_connections": 1,
     *         "latency_ms": 1,
     *         "is_embedded": true
     *       },
     *       "slots": {
     *         "size": 1,
     *         "busy": 1,
     *         "waiting": 1,
     *         "retired": 1,
     *         "mismatched": 1
     *       },
     *       "outbox": {
     *         "waiting": 1,
     *         "delayed": 1,
     *         "failed": 1,
     *         "oldest": "2026-11-29T09:30:00.000Z"
     *       },
     *       "spare_schemas": 1,
     *       "disk": {
     *         "free": 1,
     *         "total": 1
     *       },
     *       "is_listening": true,
     *       "process": {
     *         "version": "text",
     *         "pid": 1,
     *         "node": "text",
     *         "uptime": 1,
     *         "memory": 1
     *       }
     *     }
     */
    Health: {
      database: {
        version: string
        /** Format: date-time */
        started: string
        size: number
        connections: number
        max_connections: number
        latency_ms: number
        is_embedded: boolean
      }
      slots: {
        size: number
        busy: number
        waiting: number
        retired: number
        mismatched: number
      }
      outbox: {
        waiting: number
        delayed: number
        failed: number
        oldest: string | null
      }
      spare_schemas: number
      disk: {
        free: number
        total: number
      } | null
      is_listening: boolean
      process: {
        version: string
        pid: number
        node: string
        uptime: number
        memory: number
      }
    }
    /**
     * @example {
     *       "day": "2026-11-29",
     *       "requests": 1,
     *       "errors": 1,
     *       "sign_ins": 1,
     *       "refusals": 1
     *     }
     */
    InsightDay: {
      day: string
      requests: number
      errors: number
      sign_ins: number
      refusals: number
    }
    /**
     * @example {
     *       "migration": {
     *         "version": "text",
     *         "state": "migrated",
     *         "error": "text",
     *         "updated": "2026-11-29T09:30:00.000Z",
     *         "target": "text",
     *         "is_current": true
     *       },
     *       "facts": {
     *         "people": 1,
     *         "active_people": 1,
     *         "admins": 1,
     *         "departments": 1,
     *         "last_sign_in": "2026-11-29T09:30:00.000Z",
     *         "sessions": 1,
     *         "with_factor": 1,
     *         "passkeys": 1,
     *         "size": 1
     *       },
     *       "days": [
     *         {
     *           "day": "2026-11-29",
     *           "requests": 1,
     *           "errors": 1,
     *           "sign_ins": 1,
     *           "refusals": 1
     *         }
     *       ],
     *       "events": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "action": "text",
     *           "actor": "01940000-0000-7000-8000-000000000001",
     *           "actor_email": "ann@example.com",
     *           "subject": "01940000-0000-7000-8000-000000000001",
     *           "ip": "text",
     *           "details": {},
     *           "names": {}
     *         }
     *       ]
     *     }
     */
    Insights: {
      migration: {
        version: string | null
        /** @enum {string} */
        state: 'migrated' | 'failed' | 'missing'
        error: string | null
        updated: string | null
        target: string
        is_current: boolean
      }
      facts: {
        people: number
        active_people: number
        admins: number
        departments: number
        last_sign_in: string | null
        sessions: number
        with_factor: number
        passkeys: number
        size: number
      } | null
      days: components['schemas']['InsightDay'][]
      events: components['schemas']['AuditEvent'][]
    }
    /**
     * @example {
     *       "name": "Acme Ltd",
     *       "cron": "text",
     *       "next": "2026-11-29T09:30:00.000Z",
     *       "waiting": 1,
     *       "running": 1,
     *       "failed": 1,
     *       "last_started": "2026-11-29T09:30:00.000Z",
     *       "last_finished": "2026-11-29T09:30:00.000Z",
     *       "last_state": "text",
     *       "last_error": "text"
     *     }
     */
    JobQueue: {
      name: string
      cron: string | null
      next: string | null
      waiting: number
      running: number
      failed: number
      last_started: string | null
      last_finished: string | null
      last_state: string | null
      last_error: string | null
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "name": "Acme Ltd",
     *       "state": "text",
     *       "started": "2026-11-29T09:30:00.000Z",
     *       "finished": "2026-11-29T09:30:00.000Z",
     *       "error": "text"
     *     }
     */
    JobRun: {
      /** Format: uuid */
      id: string
      name: string
      state: string
      /** Format: date-time */
      started: string
      finished: string | null
      error: string | null
    }
    /**
     * @example {
     *       "id": "text",
     *       "to": "text",
     *       "subject": "text",
     *       "date": "2026-11-29T09:30:00.000Z",
     *       "text": "text",
     *       "html": "text",
     *       "links": [
     *         "text"
     *       ]
     *     }
     */
    KeptMail: {
      id: string
      to: string
      subject: string
      /** Format: date-time */
      date: string
      text?: string
      html?: string
      links?: string[]
    }
    /**
     * @example {
     *       "keys": [
     *         {
     *           "kty": "OKP",
     *           "crv": "Ed25519",
     *           "use": "sig",
     *           "alg": "EdDSA",
     *           "kid": "text",
     *           "x": "text"
     *         }
     *       ]
     *     }
     */
    KeySet: {
      keys: {
        /** @constant */
        kty: 'OKP'
        /** @constant */
        crv: 'Ed25519'
        /** @constant */
        use: 'sig'
        /** @constant */
        alg: 'EdDSA'
        kid: string
        x: string
      }[]
    }
    /** @enum {string} */
    KeyState: 'next' | 'current' | 'previous'
    /** @enum {string} */
    Language: 'en' | 'ar'
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "name": "Acme Ltd",
     *       "business_phone_number": "+44 20 7946 0000",
     *       "business_email": "ann@example.com",
     *       "is_active": true,
     *       "schema": "text",
     *       "subdomain": "acme",
     *       "tenant_id": "text",
     *       "status": "active",
     *       "status_reason": "text",
     *       "status_changed": "2026-11-29T09:30:00.000Z",
     *       "purge_after": "2026-11-29T09:30:00.000Z",
     *       "maintenance_since": "2026-11-29T09:30:00.000Z",
     *       "primary_domain": "staff.example.org",
     *       "url": "https://acme.example.com/",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "updated": "2026-11-29T09:30:00.000Z",
     *       "people": 1,
     *       "size": 1,
     *       "last_active": "text"
     *     }
     */
    ListedTenant: {
      /** Format: uuid */
      id: string
      name: string
      business_phone_number: string
      business_email: string
      is_active: boolean
      schema: string
      subdomain: string
      tenant_id: string
      status: components['schemas']['TenantStatus']
      status_reason: string | null
      status_changed: string | null
      purge_after: string | null
      maintenance_since: string | null
      primary_domain: string | null
      url: string
      /** Format: date-time */
      created: string
      /** Format: date-time */
      updated: string
      people: number | null
      size: number
      last_active: string | null
    }
    /** @enum {string} */
    MailState: 'queued' | 'delayed' | 'failed' | 'sent'
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "first_name": "Ann",
     *       "last_name": "Archer",
     *       "photo": "https://acme.example.com/",
     *       "organization": "text",
     *       "department": "01940000-0000-7000-8000-000000000001",
     *       "employee_id": "E-1042",
     *       "role": "Admin",
     *       "language": "en",
     *       "is_active": true,
     *       "date_joined": "2026-11-29T09:30:00.000Z",
     *       "last_login": "2026-11-29T09:30:00.000Z",
     *       "etag": "\"5f1d7e0c2b9a4c68\"",
     *       "support": {
     *         "operator_email": "ann@example.com",
     *         "expires_at": "2026-11-29T09:30:00.000Z",
     *         "is_read_only": true
     *       },
     *       "must_enrol": true
     *     }
     */
    Me: {
      /** Format: uuid */
      id: string
      email: string
      first_name: string
      last_name: string
      photo: string | null
      organization: string
      department: string | null
      employee_id: string | null
      role: components['schemas']['Role']
      language: components['schemas']['Language'] | null
      is_active: boolean
      /** Format: date-time */
      date_joined: string
      last_login: string | null
      etag: string
      support: {
        operator_email: string
        /** Format: date-time */
        expires_at: string
        is_read_only: boolean
      } | null
      must_enrol: boolean
    }
    /**
     * @example {
     *       "target": "text",
     *       "tenants": 1,
     *       "largest": [
     *         {
     *           "subdomain": "acme",
     *           "bytes": 1
     *         }
     *       ],
     *       "migrations": [
     *         {
     *           "name": "Acme Ltd",
     *           "tenants": 1,
     *           "needs": "text",
     *           "is_concurrent": true,
     *           "statements": [
     *             {
     *               "text": "text",
     *               "lock": "text"
     *             }
     *           ],
     *           "tables": [
     *             {
     *               "name": "Acme Ltd",
     *               "rows": 1,
     *               "bytes": 1
     *             }
     *           ]
     *         }
     *       ],
     *       "breaking": [
     *         "text"
     *       ]
     *     }
     */
    MigrationPlan: {
      target: string
      tenants: number
      largest: {
        subdomain: string
        bytes: number
      }[]
      migrations: {
        name: string
        tenants: number | null
        needs: string | null
        is_concurrent: boolean
        statements: {
          text: string
          lock: string | null
        }[]
        tables: {
          name: string
          rows: number | null
          bytes: number
        }[]
      }[]
      breaking: string[]
    }
    /**
     * @example {
     *       "is_running": true,
     *       "is_stopping": true,
     *       "outcome": "completed",
     *       "target": "text",
     *       "step": "text",
     *       "started": "2026-11-29T09:30:00.000Z",
     *       "ended": "2026-11-29T09:30:00.000Z",
     *       "finished": 1,
     *       "total": 1,
     *       "failed": 1,
     *       "error": "text"
     *     }
     */
    MigrationRun: {
      is_running: boolean
      is_stopping: boolean
      outcome: ('completed' | 'paused' | 'interrupted' | 'halted' | 'failed') | null
      target: string | null
      step: string | null
      /** Format: date-time */
      started: string
      ended: string | null
      finished: number
      total: number
      failed: number
      error: string | null
    }
    /** @enum {string} */
    MigrationState: 'current' | 'behind' | 'failed' | 'missing'
    /**
     * @example {
     *       "count": 1,
     *       "next": "https://acme.example.com/",
     *       "previous": "https://acme.example.com/",
     *       "results": [
     *         {
     *           "tenant": "01940000-0000-7000-8000-000000000001",
     *           "name": "Acme Ltd",
     *           "subdomain": "acme",
     *           "version": "text",
     *           "state": "current",
     *           "error": "text",
     *           "updated": "2026-11-29T09:30:00.000Z"
     *         }
     *       ],
     *       "target": "text",
     *       "counts": {},
     *       "run": {
     *         "is_running": true,
     *         "is_stopping": true,
     *         "outcome": "completed",
     *         "target": "text",
     *         "step": "text",
     *         "started": "2026-11-29T09:30:00.000Z",
     *         "ended": "2026-11-29T09:30:00.000Z",
     *         "finished": 1,
     *         "total": 1,
     *         "failed": 1,
     *         "error": "text"
     *       }
     *     }
     */
    Migrations: {
      count: number
      next: string | null
      previous: string | null
      results: components['schemas']['TenantMigration'][]
      target: string | null
      counts: {
        [key: string]: number
      }
      run: components['schemas']['MigrationRun'] | null
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "kind": "totp",
     *       "name": "Acme Ltd",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "last_used": "2026-11-29T09:30:00.000Z",
     *       "backed_up": true,
     *       "recovery_codes": [
     *         "text"
     *       ]
     *     }
     */
    NewPasskey: {
      /** Format: uuid */
      id: string
      kind: components['schemas']['FactorKind']
      name: string
      /** Format: date-time */
      created: string
      last_used: string | null
      backed_up?: boolean
      recovery_codes: string[] | null
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "secret": "text",
     *       "otpauth_url": "https://acme.example.com/",
     *       "qr": "text"
     *     }
     */
    NewTotp: {
      /** Format: uuid */
      id: string
      secret: string
      otpauth_url: string
      qr: string
    }
    /**
     * @example {
     *       "nodes": [
     *         {
     *           "address": "text",
     *           "is_coordinator": true,
     *           "is_active": true,
     *           "takes_tenants": true,
     *           "tenants": 1,
     *           "spare_schemas": 1,
     *           "state": {
     *             "version": "text",
     *             "size": 1,
     *             "connections": 1,
     *             "max_connections": 1,
     *             "active": 1
     *           },
     *           "problem": "text"
     *         }
     *       ]
     *     }
     */
    Nodes: {
      nodes: {
        address: string
        is_coordinator: boolean
        is_active: boolean
        takes_tenants: boolean
        tenants: number
        spare_schemas: number
        state: {
          version: string
          size: number
          connections: number
          max_connections: number
          active: number
        } | null
        problem: string | null
      }[]
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "kind": "export",
     *       "tenant": "01940000-0000-7000-8000-000000000001",
     *       "tenant_name": "text",
     *       "state": "queued",
     *       "step": "text",
     *       "done": 1,
     *       "total": 1,
     *       "result": {},
     *       "error": "text",
     *       "requested_by": "01940000-0000-7000-8000-000000000001",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "started_at": "2026-11-29T09:30:00.000Z",
     *       "finished_at": "2026-11-29T09:30:00.000Z"
     *     }
     */
    Operation: {
      /** Format: uuid */
      id: string
      kind: components['schemas']['OperationKind']
      tenant: string | null
      tenant_name?: string | null
      state: components['schemas']['OperationState']
      step: string | null
      done: number
      total: number
      result: {
        [key: string]: unknown
      } | null
      error: string | null
      requested_by: string | null
      /** Format: date-time */
      created: string
      started_at: string | null
      finished_at: string | null
    }
    /** @enum {string} */
    OperationKind: 'export' | 'restore' | 'clone' | 'purge' | 'rotation' | 'migration'
    /** @enum {string} */
    OperationState: 'queued' | 'running' | 'done' | 'failed'
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "kind": "text",
     *       "recipient": "ann@example.com",
     *       "tenant": "01940000-0000-7000-8000-000000000001",
     *       "tenant_name": "text",
     *       "state": "queued",
     *       "attempts": 1,
     *       "last_error": "text",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "due_at": "2026-11-29T09:30:00.000Z",
     *       "sent_at": "2026-11-29T09:30:00.000Z"
     *     }
     */
    OutboxMail: {
      /** Format: uuid */
      id: string
      kind: string
      recipient: string
      tenant: string | null
      tenant_name: string | null
      state: components['schemas']['MailState']
      attempts: number
      last_error: string | null
      /** Format: date-time */
      created: string
      /** Format: date-time */
      due_at: string
      sent_at: string | null
    }
    /**
     * @example {
     *       "tenants": {},
     *       "failed_mails": 1,
     *       "signups": 1,
     *       "failed_migrations": 1,
     *       "current": 1,
     *       "behind": 1,
     *       "newest": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "name": "Acme Ltd",
     *           "subdomain": "acme",
     *           "status": "active",
     *           "created": "2026-11-29T09:30:00.000Z"
     *         }
     *       ],
     *       "purges": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "name": "Acme Ltd",
     *           "subdomain": "acme",
     *           "purge_after": "2026-11-29T09:30:00.000Z"
     *         }
     *       ],
     *       "days": [
     *         {
     *           "day": "2026-11-29",
     *           "requests": 1,
     *           "errors": 1,
     *           "sign_ins": 1,
     *           "failed_sign_ins": 1,
     *           "failed_mails": 1
     *         }
     *       ],
     *       "storage": 1,
     *       "busiest": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "name": "Acme Ltd",
     *           "subdomain": "acme",
     *           "status": "active",
     *           "requests": 1
     *         }
     *       ]
     *     }
     */
    Overview: {
      tenants: {
        [key: string]: number
      }
      failed_mails: number
      signups: number
      failed_migrations: number
      current: number
      behind: number
      newest: {
        /** Format: uuid */
        id: string
        name: string
        subdomain: string
        status: components['schemas']['TenantStatus']
        /** Format: date-time */
        created: string
      }[]
      purges: {
        /** Format: uuid */
        id: string
        name: string
        subdomain: string
        /** Format: date-time */
        purge_after: string
      }[]
      days: {
        day: string
        requests: number
        errors: number
        sign_ins: number
        failed_sign_ins: number
        failed_mails: number
      }[]
      storage: number
      busiest: {
        /** Format: uuid */
        id: string
        name: string
        subdomain: string
        status: components['schemas']['TenantStatus']
        requests: number
      }[]
    }
    /**
     * @example {
     *       "profile": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "email": "ann@example.com",
     *         "first_name": "Ann",
     *         "last_name": "Archer",
     *         "photo": "https://acme.example.com/",
     *         "organization": "text",
     *         "department": "01940000-0000-7000-8000-000000000001",
     *         "employee_id": "E-1042",
     *         "role": "Admin",
     *         "language": "en",
     *         "is_active": true,
     *         "date_joined": "2026-11-29T09:30:00.000Z",
     *         "last_login": "2026-11-29T09:30:00.000Z",
     *         "etag": "\"5f1d7e0c2b9a4c68\""
     *       },
     *       "sessions": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "rotated_at": "2026-11-29T09:30:00.000Z",
     *           "expires_at": "2026-11-29T09:30:00.000Z",
     *           "revoked_at": "2026-11-29T09:30:00.000Z",
     *           "revoked_reason": "text",
     *           "ip": "text",
     *           "user_agent": "text"
     *         }
     *       ],
     *       "factors": [
     *         {
     *           "kind": "totp",
     *           "name": "Acme Ltd",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "last_used": "2026-11-29T09:30:00.000Z"
     *         }
     *       ],
     *       "devices": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "last_used": "2026-11-29T09:30:00.000Z",
     *           "expires_at": "2026-11-29T09:30:00.000Z",
     *           "user_agent": "text",
     *           "ip": "text"
     *         }
     *       ],
     *       "events": [
     *         {
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "action": "text",
     *           "actor": "01940000-0000-7000-8000-000000000001",
     *           "subject": "text",
     *           "ip": "text",
     *           "details": {}
     *         }
     *       ]
     *     }
     */
    PersonalData: {
      profile: components['schemas']['User']
      sessions: {
        /** Format: uuid */
        id: string
        /** Format: date-time */
        created: string
        /** Format: date-time */
        rotated_at: string
        /** Format: date-time */
        expires_at: string
        revoked_at: string | null
        revoked_reason: string | null
        ip: string | null
        user_agent: string | null
      }[]
      factors: {
        kind: components['schemas']['FactorKind']
        name: string
        /** Format: date-time */
        created: string
        last_used: string | null
      }[]
      devices: components['schemas']['Device'][]
      events: {
        /** Format: date-time */
        created: string
        action: string
        actor: string | null
        subject: string | null
        ip: string | null
        details: {
          [key: string]: unknown
        }
      }[]
    }
    /**
     * @example {
     *       "recovery_codes": [
     *         "text"
     *       ]
     *     }
     */
    RecoveryCodes: {
      recovery_codes: string[]
    }
    /**
     * @example {
     *       "origins": [
     *         "text"
     *       ]
     *     }
     */
    RelatedOrigins: {
      origins: string[]
    }
    /**
     * @example {
     *       "expires_at": "2026-11-29T09:30:00.000Z"
     *     }
     */
    Renewed: {
      /** Format: date-time */
      expires_at: string
    }
    /**
     * @example {
     *       "challenge": "text"
     *     }
     */
    RequestOptions: {
      challenge: string
    } & {
      [key: string]: unknown
    }
    /**
     * @example {
     *       "name": "Acme Ltd"
     *     }
     */
    RequestedJob: {
      name: string
    }
    /**
     * @example {
     *       "retried": 1
     *     }
     */
    Retries: {
      retried: number
    }
    /** @enum {string} */
    Role: 'Admin' | 'Staff' | 'Support'
    /**
     * @example {
     *       "kid": "text",
     *       "signs_from": "2026-11-29T09:30:00.000Z"
     *     }
     */
    Rotation: {
      kid: string
      /** Format: date-time */
      signs_from: string
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "rotated_at": "2026-11-29T09:30:00.000Z",
     *       "expires_at": "2026-11-29T09:30:00.000Z",
     *       "ip": "text",
     *       "user_agent": "text",
     *       "support": "text",
     *       "current": true
     *     }
     */
    Session: {
      /** Format: uuid */
      id: string
      /** Format: date-time */
      created: string
      /** Format: date-time */
      rotated_at: string
      /** Format: date-time */
      expires_at: string
      ip: string | null
      user_agent: string | null
      support: string | null
      current: boolean
    }
    /**
     * @example {
     *       "user": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "email": "ann@example.com",
     *         "first_name": "Ann",
     *         "last_name": "Archer",
     *         "photo": "https://acme.example.com/",
     *         "organization": "text",
     *         "department": "01940000-0000-7000-8000-000000000001",
     *         "employee_id": "E-1042",
     *         "role": "Admin",
     *         "language": "en",
     *         "is_active": true,
     *         "date_joined": "2026-11-29T09:30:00.000Z",
     *         "last_login": "2026-11-29T09:30:00.000Z",
     *         "etag": "\"5f1d7e0c2b9a4c68\""
     *       }
     *     }
     */
    SignedIn: {
      user: components['schemas']['User']
    }
    /**
     * @example {
     *       "kid": "text",
     *       "state": "next",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "activated_at": "2026-11-29T09:30:00.000Z",
     *       "retired_at": "2026-11-29T09:30:00.000Z",
     *       "expires_at": "2026-11-29T09:30:00.000Z",
     *       "sessions": 1
     *     }
     */
    SigningKey: {
      kid: string
      state: components['schemas']['KeyState']
      /** Format: date-time */
      created: string
      /** Format: date-time */
      activated_at: string
      retired_at: string | null
      expires_at: string | null
      sessions: number
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "name": "Acme Ltd",
     *       "subdomain": "acme",
     *       "email": "ann@example.com",
     *       "first_name": "Ann",
     *       "last_name": "Archer",
     *       "language": "en",
     *       "state": "unconfirmed",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "expires_at": "2026-11-29T09:30:00.000Z",
     *       "confirmed_at": "2026-11-29T09:30:00.000Z",
     *       "approved_at": "2026-11-29T09:30:00.000Z",
     *       "refused_at": "2026-11-29T09:30:00.000Z",
     *       "decided_by": "01940000-0000-7000-8000-000000000001",
     *       "tenant": "01940000-0000-7000-8000-000000000001"
     *     }
     */
    Signup: {
      /** Format: uuid */
      id: string
      name: string
      subdomain: string
      email: string
      first_name: string
      last_name: string
      language: components['schemas']['Language']
      state: components['schemas']['SignupState']
      /** Format: date-time */
      created: string
      /** Format: date-time */
      expires_at: string
      confirmed_at: string | null
      approved_at: string | null
      refused_at: string | null
      decided_by: string | null
      tenant: string | null
    }
    /** @enum {string} */
    SignupState: 'unconfirmed' | 'expired' | 'waiting' | 'made' | 'refused'
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "tenant": "01940000-0000-7000-8000-000000000001",
     *       "tenant_name": "text",
     *       "user_id": "01940000-0000-7000-8000-000000000001",
     *       "operator_email": "ann@example.com",
     *       "reason": "text",
     *       "is_read_only": true,
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "opened_at": "2026-11-29T09:30:00.000Z",
     *       "expires_at": "2026-11-29T09:30:00.000Z",
     *       "ended_at": "2026-11-29T09:30:00.000Z"
     *     }
     */
    SupportAccess: {
      /** Format: uuid */
      id: string
      /** Format: uuid */
      tenant: string
      tenant_name: string
      /** Format: uuid */
      user_id: string
      operator_email: string
      reason: string
      is_read_only: boolean
      /** Format: date-time */
      created: string
      opened_at: string | null
      /** Format: date-time */
      expires_at: string
      ended_at: string | null
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "url": "https://acme.example.com/",
     *       "expires_at": "2026-11-29T09:30:00.000Z"
     *     }
     */
    SupportLink: {
      /** Format: uuid */
      id: string
      url: string
      /** Format: date-time */
      expires_at: string
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "first_name": "Ann",
     *       "last_name": "Archer",
     *       "role": "Admin"
     *     }
     */
    SupportableUser: {
      /** Format: uuid */
      id: string
      email: string
      first_name: string
      last_name: string
      role: components['schemas']['Role']
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "name": "Acme Ltd",
     *       "business_phone_number": "+44 20 7946 0000",
     *       "business_email": "ann@example.com",
     *       "is_active": true,
     *       "schema": "text",
     *       "subdomain": "acme",
     *       "tenant_id": "text",
     *       "status": "active",
     *       "status_reason": "text",
     *       "status_changed": "2026-11-29T09:30:00.000Z",
     *       "purge_after": "2026-11-29T09:30:00.000Z",
     *       "maintenance_since": "2026-11-29T09:30:00.000Z",
     *       "primary_domain": "staff.example.org",
     *       "url": "https://acme.example.com/",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "updated": "2026-11-29T09:30:00.000Z",
     *       "etag": "\"5f1d7e0c2b9a4c68\"",
     *       "version": "text",
     *       "people": {
     *         "active": 1,
     *         "total": 1
     *       },
     *       "admin": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "email": "ann@example.com"
     *       },
     *       "domains": [
     *         {
     *           "host": "staff.example.org",
     *           "is_primary": true,
     *           "challenge": {
     *             "name": "Acme Ltd",
     *             "value": "text"
     *           },
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "verified_at": "2026-11-29T09:30:00.000Z",
     *           "checked_at": "2026-11-29T09:30:00.000Z",
     *           "last_error": "text"
     *         }
     *       ],
     *       "former_subdomains": [
     *         {
     *           "subdomain": "acme",
     *           "redirects_until": "2026-11-29T09:30:00.000Z"
     *         }
     *       ],
     *       "operation": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "kind": "export",
     *         "tenant": "01940000-0000-7000-8000-000000000001",
     *         "tenant_name": "text",
     *         "state": "queued",
     *         "step": "text",
     *         "done": 1,
     *         "total": 1,
     *         "result": {},
     *         "error": "text",
     *         "requested_by": "01940000-0000-7000-8000-000000000001",
     *         "created": "2026-11-29T09:30:00.000Z",
     *         "started_at": "2026-11-29T09:30:00.000Z",
     *         "finished_at": "2026-11-29T09:30:00.000Z"
     *       }
     *     }
     */
    TenantDetails: {
      /** Format: uuid */
      id: string
      name: string
      business_phone_number: string
      business_email: string
      is_active: boolean
      schema: string
      subdomain: string
      tenant_id: string
      status: components['schemas']['TenantStatus']
      status_reason: string | null
      status_changed: string | null
      purge_after: string | null
      maintenance_since: string | null
      primary_domain: string | null
      url: string
      /** Format: date-time */
      created: string
      /** Format: date-time */
      updated: string
      etag: string
      version: string | null
      people: {
        active: number
        total: number
      } | null
      admin: {
        /** Format: uuid */
        id: string
        email: string
      } | null
      domains: components['schemas']['Domain'][]
      former_subdomains: {
        subdomain: string
        /** Format: date-time */
        redirects_until: string
      }[]
      operation: components['schemas']['Operation'] | null
    }
    /**
     * @example {
     *       "tenant": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "name": "Acme Ltd",
     *         "subdomain": "acme"
     *       },
     *       "keys": {
     *         "current": "text",
     *         "since": "2026-11-29T09:30:00.000Z",
     *         "next_from": "2026-11-29T09:30:00.000Z",
     *         "draining": 1
     *       }
     *     }
     */
    TenantKeys: {
      tenant: {
        /** Format: uuid */
        id: string
        name: string
        subdomain: string
      }
      keys: {
        current: string
        /** Format: date-time */
        since: string
        next_from: string | null
        draining: number
      } | null
    }
    /**
     * @example {
     *       "tenant": "01940000-0000-7000-8000-000000000001",
     *       "name": "Acme Ltd",
     *       "subdomain": "acme",
     *       "version": "text",
     *       "state": "current",
     *       "error": "text",
     *       "updated": "2026-11-29T09:30:00.000Z"
     *     }
     */
    TenantMigration: {
      /** Format: uuid */
      tenant: string
      name: string
      subdomain: string
      version: string | null
      state: components['schemas']['MigrationState']
      error: string | null
      updated: string | null
    }
    /**
     * @example {
     *       "target": "text",
     *       "error": "text"
     *     }
     */
    TenantMigrationResult: {
      target: string | null
      error: string | null
    }
    /** @enum {string} */
    TenantStatus: 'active' | 'suspended' | 'deleting' | 'purging'
    /**
     * @example {
     *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
     *       "access": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
     *     }
     */
    Tokens: {
      refresh: string
      access: string
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "first_name": "Ann",
     *       "last_name": "Archer",
     *       "photo": "https://acme.example.com/",
     *       "organization": "text",
     *       "department": "01940000-0000-7000-8000-000000000001",
     *       "employee_id": "E-1042",
     *       "role": "Admin",
     *       "language": "en",
     *       "is_active": true,
     *       "date_joined": "2026-11-29T09:30:00.000Z",
     *       "last_login": "2026-11-29T09:30:00.000Z",
     *       "etag": "\"5f1d7e0c2b9a4c68\""
     *     }
     */
    User: {
      /** Format: uuid */
      id: string
      email: string
      first_name: string
      last_name: string
      photo: string | null
      organization: string
      department: string | null
      employee_id: string | null
      role: components['schemas']['Role']
      language: components['schemas']['Language'] | null
      is_active: boolean
      /** Format: date-time */
      date_joined: string
      last_login: string | null
      etag: string
    }
    /**
     * @example {
     *       "factors": [
     *         {
     *           "kind": "totp",
     *           "created": "2026-11-29T09:30:00.000Z",
     *           "last_used": "2026-11-29T09:30:00.000Z",
     *           "backed_up": true
     *         }
     *       ],
     *       "recovery_codes_left": 1,
     *       "required": true,
     *       "required_from": "2026-11-29T09:30:00.000Z"
     *     }
     */
    UserFactors: {
      factors: {
        kind: components['schemas']['FactorKind']
        /** Format: date-time */
        created: string
        last_used: string | null
        backed_up?: boolean
      }[]
      recovery_codes_left: number
      required: boolean
      required_from: string | null
    }
  }
  responses: {
    /** @description The input breaks a rule: messages by field, in English. */
    Invalid: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "email": [
         *         "Enter a valid email address."
         *       ]
         *     }
         */
        'application/json': components['schemas']['FieldErrors']
      }
    }
    /** @description No credentials, or credentials that are not valid here and now. */
    NotAuthenticated: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Given token not valid for any token type",
         *       "code": "token_not_valid"
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The caller may not do this, or the organisation is suspended. */
    Forbidden: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "You do not have permission to perform this action."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description It does not exist, or belongs to somebody else. */
    NotFound: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Not found."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The current state does not allow it; `code` says why. */
    Conflict: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "The last active Admin cannot be demoted, deactivated or deleted.",
         *       "code": "last_admin"
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description It is not what `If-Match` names any more; `current` is the resource as it is now. */
    ChangedMeanwhile: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "It has been changed in the meantime.",
         *       "code": "changed_meanwhile",
         *       "current": {}
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The body is larger than the limit. */
    TooLarge: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Request body is too large."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The body has another content type. */
    UnsupportedMediaType: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Unsupported media type \"text/plain\" in request."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The `Idempotency-Key` was used for another request. */
    KeyReused: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "This Idempotency-Key was used for another request.",
         *       "code": "idempotency_key_reused"
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description A limit was reached; `Retry-After` says for how many seconds. */
    Throttled: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Request was throttled. Expected available in 60 seconds."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The database or the server is busy, or the organisation is in maintenance; try again later. */
    Unavailable: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Service temporarily unavailable, try again later.",
         *       "code": "unavailable"
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
  }
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  getWellKnownJwksJson: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "keys": [
           *         {
           *           "kty": "OKP",
           *           "crv": "Ed25519",
           *           "use": "sig",
           *           "alg": "EdDSA",
           *           "kid": "text",
           *           "x": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['KeySet']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getWellKnownWebauthn: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "origins": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['RelatedOrigins']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getApiDocs: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/html': string
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getArchives: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, tenant. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "name": "Acme Ltd",
           *           "size": 1,
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "tenant": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "name": "Acme Ltd",
           *             "subdomain": "acme"
           *           },
           *           "version": "text",
           *           "people": 1,
           *           "files": 1,
           *           "ours": true,
           *           "encrypted": true,
           *           "problem": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Archive'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getArchivesByName: {
    parameters: {
      query?: never
      header?: never
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/x-tar': string
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteArchivesByName: {
    parameters: {
      query?: never
      header?: never
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postArchivesByNameRestorations: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd",
         *       "subdomain": "acme",
         *       "foreign": false
         *     }
         */
        'application/json': {
          name: string
          subdomain: string
          /** @default false */
          foreign?: boolean
        }
      }
    }
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "export",
           *       "tenant": "01940000-0000-7000-8000-000000000001",
           *       "tenant_name": "text",
           *       "state": "queued",
           *       "step": "text",
           *       "done": 1,
           *       "total": 1,
           *       "result": {},
           *       "error": "text",
           *       "requested_by": "01940000-0000-7000-8000-000000000001",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "started_at": "2026-11-29T09:30:00.000Z",
           *       "finished_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAudit: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in action, details, actor, subject. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        action?: string
        actor?: string
        subject?: string
        since?: string
        until?: string
        time_zone?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "action": "text",
           *           "actor": "01940000-0000-7000-8000-000000000001",
           *           "actor_email": "ann@example.com",
           *           "subject": "01940000-0000-7000-8000-000000000001",
           *           "ip": "text",
           *           "details": {},
           *           "names": {}
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['AuditEvent'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuditExportCsv: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in action, details, actor, subject. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        action?: string
        actor?: string
        subject?: string
        since?: string
        until?: string
        time_zone?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/csv': string
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthDevices: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "devices": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "last_used": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "user_agent": "text",
           *           "ip": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['Devices']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteAuthDevices: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteAuthDevicesById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthFactors: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "factors": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "kind": "totp",
           *           "name": "Acme Ltd",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "last_used": "2026-11-29T09:30:00.000Z",
           *           "backed_up": true
           *         }
           *       ],
           *       "recovery_codes_left": 1,
           *       "required": true,
           *       "required_from": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Factors']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthFactorsPasskeys: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd",
         *       "credential": {
         *         "id": "text",
         *         "rawId": "text",
         *         "type": "public-key",
         *         "clientExtensionResults": {},
         *         "authenticatorAttachment": "platform",
         *         "response": {
         *           "clientDataJSON": "text",
         *           "attestationObject": "text",
         *           "transports": [
         *             "ble"
         *           ]
         *         }
         *       }
         *     }
         */
        'application/json': {
          name?: string
          credential: {
            id: string
            rawId: string
            /** @constant */
            type: 'public-key'
            /** @default {} */
            clientExtensionResults?: Record<string, never>
            /** @enum {string} */
            authenticatorAttachment?: 'platform' | 'cross-platform'
            response: {
              clientDataJSON: string
              attestationObject: string
              transports?: ('ble' | 'cable' | 'hybrid' | 'internal' | 'nfc' | 'smart-card' | 'usb')[]
            }
          }
        }
      }
    }
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "totp",
           *       "name": "Acme Ltd",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "last_used": "2026-11-29T09:30:00.000Z",
           *       "backed_up": true,
           *       "recovery_codes": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['NewPasskey']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthFactorsPasskeysOptions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "challenge": "text"
           *     }
           */
          'application/json': components['schemas']['CreationOptions']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthFactorsRecoveryCodes: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "recovery_codes": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['RecoveryCodes']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthFactorsTotp: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd"
         *     }
         */
        'application/json': {
          name?: string
        }
      }
    }
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "secret": "text",
           *       "otpauth_url": "https://acme.example.com/",
           *       "qr": "text"
           *     }
           */
          'application/json': components['schemas']['NewTotp']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putAuthFactorsTotpByIdConfirmation: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "code": "text"
         *     }
         */
        'application/json': {
          code: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "recovery_codes": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['ConfirmedTotp']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteAuthFactorsById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  patchAuthFactorsById: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd"
         *     }
         */
        'application/json': {
          name: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "totp",
           *       "name": "Acme Ltd",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "last_used": "2026-11-29T09:30:00.000Z",
           *       "backed_up": true
           *     }
           */
          'application/json': components['schemas']['Factor']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthJwtBlacklist: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          refresh: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /** @example {} */
          'application/json': components['schemas']['Empty']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthJwtCreate: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com",
         *       "password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          email: string
          password: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
           *       "access": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
           *     }
           */
          'application/json': components['schemas']['Tokens']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthJwtPasskey: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "credential": {
         *         "id": "text",
         *         "rawId": "text",
         *         "type": "public-key",
         *         "clientExtensionResults": {},
         *         "authenticatorAttachment": "platform",
         *         "response": {
         *           "clientDataJSON": "text",
         *           "authenticatorData": "text",
         *           "signature": "text",
         *           "userHandle": "text"
         *         }
         *       }
         *     }
         */
        'application/json': {
          credential: {
            id: string
            rawId: string
            /** @constant */
            type: 'public-key'
            /** @default {} */
            clientExtensionResults?: Record<string, never>
            /** @enum {string} */
            authenticatorAttachment?: 'platform' | 'cross-platform'
            response: {
              clientDataJSON: string
              authenticatorData: string
              signature: string
              userHandle?: string | null
            }
          }
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
           *       "access": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
           *     }
           */
          'application/json': components['schemas']['Tokens']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthJwtRefresh: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          refresh: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
           *       "access": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
           *     }
           */
          'application/json': components['schemas']['Tokens']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthJwtSecondFactor: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "challenge": "text",
         *       "code": "text",
         *       "recovery_code": "text",
         *       "credential": {
         *         "id": "text",
         *         "rawId": "text",
         *         "type": "public-key",
         *         "clientExtensionResults": {},
         *         "authenticatorAttachment": "platform",
         *         "response": {
         *           "clientDataJSON": "text",
         *           "authenticatorData": "text",
         *           "signature": "text",
         *           "userHandle": "text"
         *         }
         *       }
         *     }
         */
        'application/json': {
          challenge: string
          code?: string
          recovery_code?: string
          credential?: {
            id: string
            rawId: string
            /** @constant */
            type: 'public-key'
            /** @default {} */
            clientExtensionResults?: Record<string, never>
            /** @enum {string} */
            authenticatorAttachment?: 'platform' | 'cross-platform'
            response: {
              clientDataJSON: string
              authenticatorData: string
              signature: string
              userHandle?: string | null
            }
          }
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "refresh": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
           *       "access": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
           *     }
           */
          'application/json': components['schemas']['Tokens']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthJwtVerify: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "token": null
         *     }
         */
        'application/json': {
          token?: unknown
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /** @example {} */
          'application/json': components['schemas']['Empty']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthPasskeysOptions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "challenge": "text"
         *     }
         */
        'application/json': {
          challenge?: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "challenge": "text"
           *     }
           */
          'application/json': components['schemas']['RequestOptions']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthReauthentication: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthReauthentication: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "current_password": "violet harbour at dawn",
         *       "code": "text",
         *       "credential": {
         *         "id": "text",
         *         "rawId": "text",
         *         "type": "public-key",
         *         "clientExtensionResults": {},
         *         "authenticatorAttachment": "platform",
         *         "response": {
         *           "clientDataJSON": "text",
         *           "authenticatorData": "text",
         *           "signature": "text",
         *           "userHandle": "text"
         *         }
         *       }
         *     }
         */
        'application/json': {
          current_password?: string
          code?: string
          credential?: {
            id: string
            rawId: string
            /** @constant */
            type: 'public-key'
            /** @default {} */
            clientExtensionResults?: Record<string, never>
            /** @enum {string} */
            authenticatorAttachment?: 'platform' | 'cross-platform'
            response: {
              clientDataJSON: string
              authenticatorData: string
              signature: string
              userHandle?: string | null
            }
          }
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthReauthenticationOptions: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "challenge": "text"
           *     }
           */
          'application/json': components['schemas']['RequestOptions']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthRules: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "registration": "invite_only",
           *       "registration_domains": [
           *         "text"
           *       ],
           *       "password_min_length": 1,
           *       "mailbox": true
           *     }
           */
          'application/json': components['schemas']['AccountRules']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthSession: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com",
         *       "password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          email: string
          password: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "user": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com",
           *         "first_name": "Ann",
           *         "last_name": "Archer",
           *         "photo": "https://acme.example.com/",
           *         "organization": "text",
           *         "department": "01940000-0000-7000-8000-000000000001",
           *         "employee_id": "E-1042",
           *         "role": "Admin",
           *         "language": "en",
           *         "is_active": true,
           *         "date_joined": "2026-11-29T09:30:00.000Z",
           *         "last_login": "2026-11-29T09:30:00.000Z",
           *         "etag": "\"5f1d7e0c2b9a4c68\""
           *       }
           *     }
           */
          'application/json': components['schemas']['SignedIn']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteAuthSession: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthSessionPasskey: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "credential": {
         *         "id": "text",
         *         "rawId": "text",
         *         "type": "public-key",
         *         "clientExtensionResults": {},
         *         "authenticatorAttachment": "platform",
         *         "response": {
         *           "clientDataJSON": "text",
         *           "authenticatorData": "text",
         *           "signature": "text",
         *           "userHandle": "text"
         *         }
         *       }
         *     }
         */
        'application/json': {
          credential: {
            id: string
            rawId: string
            /** @constant */
            type: 'public-key'
            /** @default {} */
            clientExtensionResults?: Record<string, never>
            /** @enum {string} */
            authenticatorAttachment?: 'platform' | 'cross-platform'
            response: {
              clientDataJSON: string
              authenticatorData: string
              signature: string
              userHandle?: string | null
            }
          }
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "user": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com",
           *         "first_name": "Ann",
           *         "last_name": "Archer",
           *         "photo": "https://acme.example.com/",
           *         "organization": "text",
           *         "department": "01940000-0000-7000-8000-000000000001",
           *         "employee_id": "E-1042",
           *         "role": "Admin",
           *         "language": "en",
           *         "is_active": true,
           *         "date_joined": "2026-11-29T09:30:00.000Z",
           *         "last_login": "2026-11-29T09:30:00.000Z",
           *         "etag": "\"5f1d7e0c2b9a4c68\""
           *       }
           *     }
           */
          'application/json': components['schemas']['SignedIn']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthSessionRefresh: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "expires_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Renewed']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthSessionSecondFactor: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "challenge": "text",
         *       "code": "text",
         *       "recovery_code": "text",
         *       "credential": {
         *         "id": "text",
         *         "rawId": "text",
         *         "type": "public-key",
         *         "clientExtensionResults": {},
         *         "authenticatorAttachment": "platform",
         *         "response": {
         *           "clientDataJSON": "text",
         *           "authenticatorData": "text",
         *           "signature": "text",
         *           "userHandle": "text"
         *         }
         *       },
         *       "remember_device": false
         *     }
         */
        'application/json': {
          challenge: string
          code?: string
          recovery_code?: string
          credential?: {
            id: string
            rawId: string
            /** @constant */
            type: 'public-key'
            /** @default {} */
            clientExtensionResults?: Record<string, never>
            /** @enum {string} */
            authenticatorAttachment?: 'platform' | 'cross-platform'
            response: {
              clientDataJSON: string
              authenticatorData: string
              signature: string
              userHandle?: string | null
            }
          }
          /** @default false */
          remember_device?: boolean
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "user": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com",
           *         "first_name": "Ann",
           *         "last_name": "Archer",
           *         "photo": "https://acme.example.com/",
           *         "organization": "text",
           *         "department": "01940000-0000-7000-8000-000000000001",
           *         "employee_id": "E-1042",
           *         "role": "Admin",
           *         "language": "en",
           *         "is_active": true,
           *         "date_joined": "2026-11-29T09:30:00.000Z",
           *         "last_login": "2026-11-29T09:30:00.000Z",
           *         "etag": "\"5f1d7e0c2b9a4c68\""
           *       }
           *     }
           */
          'application/json': components['schemas']['SignedIn']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthUsers: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in first_name, last_name, email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "email": "ann@example.com",
           *           "first_name": "Ann",
           *           "last_name": "Archer",
           *           "photo": "https://acme.example.com/",
           *           "organization": "text",
           *           "department": "01940000-0000-7000-8000-000000000001",
           *           "employee_id": "E-1042",
           *           "role": "Admin",
           *           "language": "en",
           *           "is_active": true,
           *           "date_joined": "2026-11-29T09:30:00.000Z",
           *           "last_login": "2026-11-29T09:30:00.000Z",
           *           "etag": "\"5f1d7e0c2b9a4c68\""
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['User'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsers: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com",
         *       "password": "violet harbour at dawn",
         *       "re_password": "violet harbour at dawn",
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en",
         *       "role": "Admin",
         *       "department": "01940000-0000-7000-8000-000000000001",
         *       "employee_id": "E-1042",
         *       "is_active": true
         *     }
         */
        'application/json':
          | {
              email: string
              password?: string | null
              re_password?: string | null
              first_name?: string
              last_name?: string
              language?: ('en' | 'ar') | null
              /** @enum {string} */
              role?: 'Admin' | 'Staff'
              department?: string | null
              employee_id?: string | null
              is_active?: boolean
            }
          | {
              email: string
              first_name?: string
              last_name?: string
              /** @enum {string} */
              role?: 'Admin' | 'Support' | 'Staff'
              is_active?: boolean
              password?: string | null
              re_password?: string | null
            }
          | {
              email: string
              password: string
              re_password?: string
              first_name?: string
              last_name?: string
              language?: ('en' | 'ar') | null
            }
      }
    }
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['User']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersActivation: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "uid": "text",
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          uid: string
          token: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersLinkLookup: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "uid": "text",
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
         *       "purpose": "reset"
         *     }
         */
        'application/json': {
          uid: string
          token: string
          /** @enum {string} */
          purpose: 'reset' | 'activation' | 'email'
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthUsersMe: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "support": {
           *         "operator_email": "ann@example.com",
           *         "expires_at": "2026-11-29T09:30:00.000Z",
           *         "is_read_only": true
           *       },
           *       "must_enrol": true
           *     }
           */
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putAuthUsersMe: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en",
         *       "photo": null
         *     }
         */
        'application/json': {
          first_name?: string
          last_name?: string
          language?: ('en' | 'ar') | null
          photo?: null
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "support": {
           *         "operator_email": "ann@example.com",
           *         "expires_at": "2026-11-29T09:30:00.000Z",
           *         "is_read_only": true
           *       },
           *       "must_enrol": true
           *     }
           */
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteAuthUsersMe: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "current_password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          current_password: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  patchAuthUsersMe: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en",
         *       "photo": null
         *     }
         */
        'application/json': {
          first_name?: string
          last_name?: string
          language?: ('en' | 'ar') | null
          photo?: null
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "support": {
           *         "operator_email": "ann@example.com",
           *         "expires_at": "2026-11-29T09:30:00.000Z",
           *         "is_read_only": true
           *       },
           *       "must_enrol": true
           *     }
           */
          'application/json': components['schemas']['Me']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthUsersMeExport: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "profile": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com",
           *         "first_name": "Ann",
           *         "last_name": "Archer",
           *         "photo": "https://acme.example.com/",
           *         "organization": "text",
           *         "department": "01940000-0000-7000-8000-000000000001",
           *         "employee_id": "E-1042",
           *         "role": "Admin",
           *         "language": "en",
           *         "is_active": true,
           *         "date_joined": "2026-11-29T09:30:00.000Z",
           *         "last_login": "2026-11-29T09:30:00.000Z",
           *         "etag": "\"5f1d7e0c2b9a4c68\""
           *       },
           *       "sessions": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "rotated_at": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "revoked_at": "2026-11-29T09:30:00.000Z",
           *           "revoked_reason": "text",
           *           "ip": "text",
           *           "user_agent": "text"
           *         }
           *       ],
           *       "factors": [
           *         {
           *           "kind": "totp",
           *           "name": "Acme Ltd",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "last_used": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "devices": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "last_used": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "user_agent": "text",
           *           "ip": "text"
           *         }
           *       ],
           *       "events": [
           *         {
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "action": "text",
           *           "actor": "01940000-0000-7000-8000-000000000001",
           *           "subject": "text",
           *           "ip": "text",
           *           "details": {}
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['PersonalData']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersResendActivation: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com"
         *     }
         */
        'application/json': {
          email: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersResetPassword: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com"
         *     }
         */
        'application/json': {
          email: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersResetPasswordConfirm: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "uid": "text",
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
         *       "new_password": "violet harbour at dawn",
         *       "re_new_password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          uid: string
          token: string
          new_password: string
          re_new_password?: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersSetEmail: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "new_email": "ann@example.com",
         *       "current_password": "violet harbour at dawn",
         *       "re_new_email": "ann@example.com"
         *     }
         */
        'application/json': {
          new_email: string
          current_password: string
          re_new_email?: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersSetEmailConfirm: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "uid": "text",
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          uid: string
          token: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postAuthUsersSetPassword: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "current_password": "violet harbour at dawn",
         *       "new_password": "violet harbour at dawn",
         *       "re_new_password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          current_password: string
          new_password: string
          re_new_password?: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getAuthUsersById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['User']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putAuthUsersById: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com",
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en",
         *       "role": "Admin",
         *       "department": "01940000-0000-7000-8000-000000000001",
         *       "employee_id": "E-1042",
         *       "is_active": true
         *     }
         */
        'application/json':
          | {
              email?: string
              first_name?: string
              last_name?: string
              language?: ('en' | 'ar') | null
              /** @enum {string} */
              role?: 'Admin' | 'Staff'
              department?: string | null
              employee_id?: string | null
              is_active?: boolean
            }
          | {
              first_name?: string
              last_name?: string
              /** @enum {string} */
              role?: 'Admin' | 'Support' | 'Staff'
              is_active?: boolean
            }
          | {
              first_name?: string
              last_name?: string
              language?: ('en' | 'ar') | null
              photo?: null
            }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['User']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteAuthUsersById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "current_password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          current_password: string
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  patchAuthUsersById: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com",
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en",
         *       "role": "Admin",
         *       "department": "01940000-0000-7000-8000-000000000001",
         *       "employee_id": "E-1042",
         *       "is_active": true
         *     }
         */
        'application/json':
          | {
              email?: string
              first_name?: string
              last_name?: string
              language?: ('en' | 'ar') | null
              /** @enum {string} */
              role?: 'Admin' | 'Staff'
              department?: string | null
              employee_id?: string | null
              is_active?: boolean
            }
          | {
              first_name?: string
              last_name?: string
              /** @enum {string} */
              role?: 'Admin' | 'Support' | 'Staff'
              is_active?: boolean
            }
          | {
              first_name?: string
              last_name?: string
              language?: ('en' | 'ar') | null
              photo?: null
            }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "photo": "https://acme.example.com/",
           *       "organization": "text",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "employee_id": "E-1042",
           *       "role": "Admin",
           *       "language": "en",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['User']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getHealth: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "database": {
           *         "version": "text",
           *         "started": "2026-11-29T09:30:00.000Z",
           *         "size": 1,
           *         "connections": 1,
           *         "max_connections": 1,
           *         "latency_ms": 1,
           *         "is_embedded": true
           *       },
           *       "slots": {
           *         "size": 1,
           *         "busy": 1,
           *         "waiting": 1,
           *         "retired": 1,
           *         "mismatched": 1
           *       },
           *       "outbox": {
           *         "waiting": 1,
           *         "delayed": 1,
           *         "failed": 1,
           *         "oldest": "2026-11-29T09:30:00.000Z"
           *       },
           *       "spare_schemas": 1,
           *       "disk": {
           *         "free": 1,
           *         "total": 1
           *       },
           *       "is_listening": true,
           *       "process": {
           *         "version": "text",
           *         "pid": 1,
           *         "node": "text",
           *         "uptime": 1,
           *         "memory": 1
           *       }
           *     }
           */
          'application/json': components['schemas']['Health']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getHealthChecks: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "checks": [
           *         {
           *           "name": "Acme Ltd",
           *           "found": "text",
           *           "problems": [
           *             "text"
           *           ]
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['Checks']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getHealthNodes: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "nodes": [
           *         {
           *           "address": "text",
           *           "is_coordinator": true,
           *           "is_active": true,
           *           "takes_tenants": true,
           *           "tenants": 1,
           *           "spare_schemas": 1,
           *           "state": {
           *             "version": "text",
           *             "size": 1,
           *             "connections": 1,
           *             "max_connections": 1,
           *             "active": 1
           *           },
           *           "problem": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['Nodes']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getJobs: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example [
           *       {
           *         "name": "Acme Ltd",
           *         "cron": "text",
           *         "next": "2026-11-29T09:30:00.000Z",
           *         "waiting": 1,
           *         "running": 1,
           *         "failed": 1,
           *         "last_started": "2026-11-29T09:30:00.000Z",
           *         "last_finished": "2026-11-29T09:30:00.000Z",
           *         "last_state": "text",
           *         "last_error": "text"
           *       }
           *     ]
           */
          'application/json': components['schemas']['JobQueue'][]
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getJobsRuns: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        name?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "state": "text",
           *           "started": "2026-11-29T09:30:00.000Z",
           *           "finished": "2026-11-29T09:30:00.000Z",
           *           "error": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['JobRun'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postJobsByNameRuns: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "name": "Acme Ltd"
           *     }
           */
          'application/json': components['schemas']['RequestedJob']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getKeys: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, subdomain, tenant_id, business_email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "tenant": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "name": "Acme Ltd",
           *             "subdomain": "acme"
           *           },
           *           "keys": {
           *             "current": "text",
           *             "since": "2026-11-29T09:30:00.000Z",
           *             "next_from": "2026-11-29T09:30:00.000Z",
           *             "draining": 1
           *           }
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['TenantKeys'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postKeysRotations: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "export",
           *       "tenant": "01940000-0000-7000-8000-000000000001",
           *       "tenant_name": "text",
           *       "state": "queued",
           *       "step": "text",
           *       "done": 1,
           *       "total": 1,
           *       "result": {},
           *       "error": "text",
           *       "requested_by": "01940000-0000-7000-8000-000000000001",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "started_at": "2026-11-29T09:30:00.000Z",
           *       "finished_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getMailbox: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in to, subject. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "text",
           *           "to": "text",
           *           "subject": "text",
           *           "date": "2026-11-29T09:30:00.000Z",
           *           "text": "text",
           *           "html": "text",
           *           "links": [
           *             "text"
           *           ]
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['KeptMail'][]
          }
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getMailboxById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "text",
           *       "to": "text",
           *       "subject": "text",
           *       "date": "2026-11-29T09:30:00.000Z",
           *       "text": "text",
           *       "html": "text",
           *       "links": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['KeptMail']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getMigrations: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, subdomain. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        state?: 'current' | 'behind' | 'failed' | 'missing'
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "tenant": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "subdomain": "acme",
           *           "version": "text",
           *           "state": "current",
           *           "error": "text",
           *           "updated": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "target": "text",
           *       "counts": {},
           *       "run": {
           *         "is_running": true,
           *         "is_stopping": true,
           *         "outcome": "completed",
           *         "target": "text",
           *         "step": "text",
           *         "started": "2026-11-29T09:30:00.000Z",
           *         "ended": "2026-11-29T09:30:00.000Z",
           *         "finished": 1,
           *         "total": 1,
           *         "failed": 1,
           *         "error": "text"
           *       }
           *     }
           */
          'application/json': components['schemas']['Migrations']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putMigrationsPause: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getMigrationsPlan: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "target": "text",
           *       "tenants": 1,
           *       "largest": [
           *         {
           *           "subdomain": "acme",
           *           "bytes": 1
           *         }
           *       ],
           *       "migrations": [
           *         {
           *           "name": "Acme Ltd",
           *           "tenants": 1,
           *           "needs": "text",
           *           "is_concurrent": true,
           *           "statements": [
           *             {
           *               "text": "text",
           *               "lock": "text"
           *             }
           *           ],
           *           "tables": [
           *             {
           *               "name": "Acme Ltd",
           *               "rows": 1,
           *               "bytes": 1
           *             }
           *           ]
           *         }
           *       ],
           *       "breaking": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['MigrationPlan']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postMigrationsRetries: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "is_running": true,
           *       "is_stopping": true,
           *       "outcome": "completed",
           *       "target": "text",
           *       "step": "text",
           *       "started": "2026-11-29T09:30:00.000Z",
           *       "ended": "2026-11-29T09:30:00.000Z",
           *       "finished": 1,
           *       "total": 1,
           *       "failed": 1,
           *       "error": "text"
           *     }
           */
          'application/json': components['schemas']['MigrationRun']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postMigrationsRuns: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "is_running": true,
           *       "is_stopping": true,
           *       "outcome": "completed",
           *       "target": "text",
           *       "step": "text",
           *       "started": "2026-11-29T09:30:00.000Z",
           *       "ended": "2026-11-29T09:30:00.000Z",
           *       "finished": 1,
           *       "total": 1,
           *       "failed": 1,
           *       "error": "text"
           *     }
           */
          'application/json': components['schemas']['MigrationRun']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOpenapiJson: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "openapi": "text"
           *     }
           */
          'application/json': {
            openapi: string
          } & {
            [key: string]: unknown
          }
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOperations: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in kind, tenant_name. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        tenant?: string
        kind?: 'export' | 'restore' | 'clone' | 'purge' | 'rotation' | 'migration'
        state?: 'queued' | 'running' | 'done' | 'failed'
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "kind": "export",
           *           "tenant": "01940000-0000-7000-8000-000000000001",
           *           "tenant_name": "text",
           *           "state": "queued",
           *           "step": "text",
           *           "done": 1,
           *           "total": 1,
           *           "result": {},
           *           "error": "text",
           *           "requested_by": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "started_at": "2026-11-29T09:30:00.000Z",
           *           "finished_at": "2026-11-29T09:30:00.000Z"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Operation'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOperationsById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "export",
           *       "tenant": "01940000-0000-7000-8000-000000000001",
           *       "tenant_name": "text",
           *       "state": "queued",
           *       "step": "text",
           *       "done": 1,
           *       "total": 1,
           *       "result": {},
           *       "error": "text",
           *       "requested_by": "01940000-0000-7000-8000-000000000001",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "started_at": "2026-11-29T09:30:00.000Z",
           *       "finished_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOutbox: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in recipient, kind. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        state?: 'queued' | 'delayed' | 'failed' | 'sent'
        tenant?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "kind": "text",
           *           "recipient": "ann@example.com",
           *           "tenant": "01940000-0000-7000-8000-000000000001",
           *           "tenant_name": "text",
           *           "state": "queued",
           *           "attempts": 1,
           *           "last_error": "text",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "due_at": "2026-11-29T09:30:00.000Z",
           *           "sent_at": "2026-11-29T09:30:00.000Z"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['OutboxMail'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postOutboxRetries: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "retried": 1
           *     }
           */
          'application/json': components['schemas']['Retries']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postOutboxByIdRetries: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "retried": 1
           *     }
           */
          'application/json': components['schemas']['Retries']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOverview: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "tenants": {},
           *       "failed_mails": 1,
           *       "signups": 1,
           *       "failed_migrations": 1,
           *       "current": 1,
           *       "behind": 1,
           *       "newest": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "subdomain": "acme",
           *           "status": "active",
           *           "created": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "purges": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "subdomain": "acme",
           *           "purge_after": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "days": [
           *         {
           *           "day": "2026-11-29",
           *           "requests": 1,
           *           "errors": 1,
           *           "sign_ins": 1,
           *           "failed_sign_ins": 1,
           *           "failed_mails": 1
           *         }
           *       ],
           *       "storage": 1,
           *       "busiest": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "subdomain": "acme",
           *           "status": "active",
           *           "requests": 1
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['Overview']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getPeople: {
    parameters: {
      query: {
        search: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "email": "ann@example.com",
           *           "first_name": "Ann",
           *           "last_name": "Archer",
           *           "role": "Admin",
           *           "is_active": true,
           *           "organization": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "name": "Acme Ltd",
           *             "subdomain": "acme"
           *           }
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['FoundPeople']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getSessions: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in ip, user_agent. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        user?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "rotated_at": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "ip": "text",
           *           "user_agent": "text",
           *           "support": "text",
           *           "current": true
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Session'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteSessions: {
    parameters: {
      query?: {
        user?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteSessionsById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getSignups: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, subdomain, email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        state?: 'unconfirmed' | 'expired' | 'waiting' | 'made' | 'refused'
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "subdomain": "acme",
           *           "email": "ann@example.com",
           *           "first_name": "Ann",
           *           "last_name": "Archer",
           *           "language": "en",
           *           "state": "unconfirmed",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "confirmed_at": "2026-11-29T09:30:00.000Z",
           *           "approved_at": "2026-11-29T09:30:00.000Z",
           *           "refused_at": "2026-11-29T09:30:00.000Z",
           *           "decided_by": "01940000-0000-7000-8000-000000000001",
           *           "tenant": "01940000-0000-7000-8000-000000000001"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Signup'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putSignupsByIdApproval: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "subdomain": "acme",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "language": "en",
           *       "state": "unconfirmed",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "expires_at": "2026-11-29T09:30:00.000Z",
           *       "confirmed_at": "2026-11-29T09:30:00.000Z",
           *       "approved_at": "2026-11-29T09:30:00.000Z",
           *       "refused_at": "2026-11-29T09:30:00.000Z",
           *       "decided_by": "01940000-0000-7000-8000-000000000001",
           *       "tenant": "01940000-0000-7000-8000-000000000001"
           *     }
           */
          'application/json': components['schemas']['Signup']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putSignupsByIdRefusal: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "reason": "text"
         *     }
         */
        'application/json': {
          reason?: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "subdomain": "acme",
           *       "email": "ann@example.com",
           *       "first_name": "Ann",
           *       "last_name": "Archer",
           *       "language": "en",
           *       "state": "unconfirmed",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "expires_at": "2026-11-29T09:30:00.000Z",
           *       "confirmed_at": "2026-11-29T09:30:00.000Z",
           *       "approved_at": "2026-11-29T09:30:00.000Z",
           *       "refused_at": "2026-11-29T09:30:00.000Z",
           *       "decided_by": "01940000-0000-7000-8000-000000000001",
           *       "tenant": "01940000-0000-7000-8000-000000000001"
           *     }
           */
          'application/json': components['schemas']['Signup']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getSupportAccesses: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in operator_email, reason, tenant_name. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        tenant?: string
        is_open?: 'true'
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "tenant": "01940000-0000-7000-8000-000000000001",
           *           "tenant_name": "text",
           *           "user_id": "01940000-0000-7000-8000-000000000001",
           *           "operator_email": "ann@example.com",
           *           "reason": "text",
           *           "is_read_only": true,
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "opened_at": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "ended_at": "2026-11-29T09:30:00.000Z"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['SupportAccess'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteSupportAccessesById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenants: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, subdomain, tenant_id, business_email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        status?: 'active' | 'suspended' | 'deleting' | 'purging'
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "name": "Acme Ltd",
           *           "business_phone_number": "+44 20 7946 0000",
           *           "business_email": "ann@example.com",
           *           "is_active": true,
           *           "schema": "text",
           *           "subdomain": "acme",
           *           "tenant_id": "text",
           *           "status": "active",
           *           "status_reason": "text",
           *           "status_changed": "2026-11-29T09:30:00.000Z",
           *           "purge_after": "2026-11-29T09:30:00.000Z",
           *           "maintenance_since": "2026-11-29T09:30:00.000Z",
           *           "primary_domain": "staff.example.org",
           *           "url": "https://acme.example.com/",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "updated": "2026-11-29T09:30:00.000Z",
           *           "people": 1,
           *           "size": 1,
           *           "last_active": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['ListedTenant'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenants: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd",
         *       "subdomain": "acme",
         *       "business_email": "ann@example.com",
         *       "business_phone_number": "+44 20 7946 0000",
         *       "admin_email": "ann@example.com"
         *     }
         */
        'application/json': {
          name: string
          subdomain: string
          business_email: string
          business_phone_number?: string
          admin_email: string
        }
      }
    }
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsExportCsv: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, subdomain, tenant_id, business_email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        status?: 'active' | 'suspended' | 'deleting' | 'purging'
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/csv': string
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  patchTenantsById: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd",
         *       "subdomain": "acme",
         *       "business_email": "ann@example.com",
         *       "business_phone_number": "+44 20 7946 0000"
         *     }
         */
        'application/json': {
          name?: string
          subdomain?: string
          business_email?: string
          business_phone_number?: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsByIdArchives: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in name, tenant. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "name": "Acme Ltd",
           *           "size": 1,
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "tenant": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "name": "Acme Ltd",
           *             "subdomain": "acme"
           *           },
           *           "version": "text",
           *           "people": 1,
           *           "files": 1,
           *           "ours": true,
           *           "encrypted": true,
           *           "problem": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Archive'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdClones: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd",
         *       "subdomain": "acme",
         *       "admin_email": "ann@example.com",
         *       "keep_admin": false
         *     }
         */
        'application/json': {
          name: string
          subdomain: string
          admin_email: string
          /** @default false */
          keep_admin?: boolean
        }
      }
    }
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "export",
           *       "tenant": "01940000-0000-7000-8000-000000000001",
           *       "tenant_name": "text",
           *       "state": "queued",
           *       "step": "text",
           *       "done": 1,
           *       "total": 1,
           *       "result": {},
           *       "error": "text",
           *       "requested_by": "01940000-0000-7000-8000-000000000001",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "started_at": "2026-11-29T09:30:00.000Z",
           *       "finished_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putTenantsByIdDeletion: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "reason": "text",
         *       "now": false,
         *       "subdomain": "acme"
         *     }
         */
        'application/json': {
          reason?: string | null
          /** @default false */
          now?: boolean
          subdomain?: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteTenantsByIdDeletion: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsByIdDomains: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in host. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Domain'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdDomains: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "host": "staff.example.org"
         *     }
         */
        'application/json': {
          host: string
        }
      }
    }
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "host": "staff.example.org",
           *       "is_primary": true,
           *       "challenge": {
           *         "name": "Acme Ltd",
           *         "value": "text"
           *       },
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "verified_at": "2026-11-29T09:30:00.000Z",
           *       "checked_at": "2026-11-29T09:30:00.000Z",
           *       "last_error": "text"
           *     }
           */
          'application/json': components['schemas']['Domain']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteTenantsByIdDomainsByHost: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
        host: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putTenantsByIdDomainsByHostPrimary: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
        host: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteTenantsByIdDomainsByHostPrimary: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
        host: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putTenantsByIdDomainsByHostVerification: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
        host: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "host": "staff.example.org",
           *       "is_primary": true,
           *       "challenge": {
           *         "name": "Acme Ltd",
           *         "value": "text"
           *       },
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "verified_at": "2026-11-29T09:30:00.000Z",
           *       "checked_at": "2026-11-29T09:30:00.000Z",
           *       "last_error": "text"
           *     }
           */
          'application/json': components['schemas']['Domain']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdExports: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "export",
           *       "tenant": "01940000-0000-7000-8000-000000000001",
           *       "tenant_name": "text",
           *       "state": "queued",
           *       "step": "text",
           *       "done": 1,
           *       "total": 1,
           *       "result": {},
           *       "error": "text",
           *       "requested_by": "01940000-0000-7000-8000-000000000001",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "started_at": "2026-11-29T09:30:00.000Z",
           *       "finished_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsByIdInsights: {
    parameters: {
      query?: {
        days?: '30' | '90'
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "migration": {
           *         "version": "text",
           *         "state": "migrated",
           *         "error": "text",
           *         "updated": "2026-11-29T09:30:00.000Z",
           *         "target": "text",
           *         "is_current": true
           *       },
           *       "facts": {
           *         "people": 1,
           *         "active_people": 1,
           *         "admins": 1,
           *         "departments": 1,
           *         "last_sign_in": "2026-11-29T09:30:00.000Z",
           *         "sessions": 1,
           *         "with_factor": 1,
           *         "passkeys": 1,
           *         "size": 1
           *       },
           *       "days": [
           *         {
           *           "day": "2026-11-29",
           *           "requests": 1,
           *           "errors": 1,
           *           "sign_ins": 1,
           *           "refusals": 1
           *         }
           *       ],
           *       "events": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "action": "text",
           *           "actor": "01940000-0000-7000-8000-000000000001",
           *           "actor_email": "ann@example.com",
           *           "subject": "01940000-0000-7000-8000-000000000001",
           *           "ip": "text",
           *           "details": {},
           *           "names": {}
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['Insights']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsByIdKeys: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in kid. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "kid": "text",
           *           "state": "next",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "activated_at": "2026-11-29T09:30:00.000Z",
           *           "retired_at": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "sessions": 1
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['SigningKey'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdKeys: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "kid": "text",
           *       "signs_from": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Rotation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putTenantsByIdMaintenance: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteTenantsByIdMaintenance: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdMigrations: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "target": "text",
           *       "error": "text"
           *     }
           */
          'application/json': components['schemas']['TenantMigrationResult']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdRestorations: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "archive": "text",
         *       "foreign": false,
         *       "keep": true
         *     }
         */
        'application/json': {
          archive: string
          /** @default false */
          foreign?: boolean
          /** @default true */
          keep?: boolean
        }
      }
    }
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "kind": "export",
           *       "tenant": "01940000-0000-7000-8000-000000000001",
           *       "tenant_name": "text",
           *       "state": "queued",
           *       "step": "text",
           *       "done": 1,
           *       "total": 1,
           *       "result": {},
           *       "error": "text",
           *       "requested_by": "01940000-0000-7000-8000-000000000001",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "started_at": "2026-11-29T09:30:00.000Z",
           *       "finished_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['Operation']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsByIdSupportAccesses: {
    parameters: {
      query?: never
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "user": "01940000-0000-7000-8000-000000000001",
         *       "reason": "text",
         *       "is_read_only": true
         *     }
         */
        'application/json': {
          user: string
          reason: string
          /** @default true */
          is_read_only?: boolean
        }
      }
    }
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "url": "https://acme.example.com/",
           *       "expires_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['SupportLink']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      422: components['responses']['KeyReused']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putTenantsByIdSuspension: {
    parameters: {
      query?: never
      header?: {
        /** @description The `etag` of the resource that the change is based on. If it is another one by now: 412. */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "reason": "text"
         *     }
         */
        'application/json': {
          reason?: string | null
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      412: components['responses']['ChangedMeanwhile']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteTenantsByIdSuspension: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "01940000-0000-7000-8000-000000000001",
           *       "name": "Acme Ltd",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "business_email": "ann@example.com",
           *       "is_active": true,
           *       "schema": "text",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "status": "active",
           *       "status_reason": "text",
           *       "status_changed": "2026-11-29T09:30:00.000Z",
           *       "purge_after": "2026-11-29T09:30:00.000Z",
           *       "maintenance_since": "2026-11-29T09:30:00.000Z",
           *       "primary_domain": "staff.example.org",
           *       "url": "https://acme.example.com/",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "version": "text",
           *       "people": {
           *         "active": 1,
           *         "total": 1
           *       },
           *       "admin": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "email": "ann@example.com"
           *       },
           *       "domains": [
           *         {
           *           "host": "staff.example.org",
           *           "is_primary": true,
           *           "challenge": {
           *             "name": "Acme Ltd",
           *             "value": "text"
           *           },
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "verified_at": "2026-11-29T09:30:00.000Z",
           *           "checked_at": "2026-11-29T09:30:00.000Z",
           *           "last_error": "text"
           *         }
           *       ],
           *       "former_subdomains": [
           *         {
           *           "subdomain": "acme",
           *           "redirects_until": "2026-11-29T09:30:00.000Z"
           *         }
           *       ],
           *       "operation": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "kind": "export",
           *         "tenant": "01940000-0000-7000-8000-000000000001",
           *         "tenant_name": "text",
           *         "state": "queued",
           *         "step": "text",
           *         "done": 1,
           *         "total": 1,
           *         "result": {},
           *         "error": "text",
           *         "requested_by": "01940000-0000-7000-8000-000000000001",
           *         "created": "2026-11-29T09:30:00.000Z",
           *         "started_at": "2026-11-29T09:30:00.000Z",
           *         "finished_at": "2026-11-29T09:30:00.000Z"
           *       }
           *     }
           */
          'application/json': components['schemas']['TenantDetails']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getTenantsByIdUsers: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in first_name, last_name, email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "email": "ann@example.com",
           *           "first_name": "Ann",
           *           "last_name": "Archer",
           *           "role": "Admin"
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['SupportableUser'][]
          }
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getUsersByIdFactors: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "factors": [
           *         {
           *           "kind": "totp",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "last_used": "2026-11-29T09:30:00.000Z",
           *           "backed_up": true
           *         }
           *       ],
           *       "recovery_codes_left": 1,
           *       "required": true,
           *       "required_from": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['UserFactors']
        }
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  deleteUsersByIdFactors: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      401: components['responses']['NotAuthenticated']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
}
