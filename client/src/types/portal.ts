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
  '/api/v1/audit/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List audit events
     * @description The audit events of this realm, newest first. For Admins.
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
     * @description The audit events as a CSV file, newest first, with the list's search and filters. `subject_name` is the subject's current name, `support` the operator who acted as the actor. For Admins. Needs reauthentication.
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
  '/api/v1/auth/session/support/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Open a support session
     * @description Signs an operator in as a user, with the link from the console. Reading the link does not use it up.
     */
    post: operations['postAuthSessionSupport']
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
     * @description An Admin creates users with any role; without a password, the user gets a mail with a link to choose one. Anyone else registers, where `registration` is `open`: this creates inactive Staff and sends the activation mail. Otherwise it is 403 `registration_closed`.
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
     * @description An Admin changes any user; Staff find only themselves, and change their names and language. A new `email` of another user ends their sessions and links, and both addresses get a mail. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in.
     */
    put: operations['putAuthUsersById']
    post?: never
    /**
     * Delete a user
     * @description Deletes a user, or the caller's own account; it takes the caller's password. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in.
     */
    delete: operations['deleteAuthUsersById']
    options?: never
    head?: never
    /**
     * Change a user
     * @description An Admin changes any user; Staff find only themselves, and change their names and language. A new `email` of another user ends their sessions and links, and both addresses get a mail. The last active Admin must remain: 409 `last_admin`. For everyone who is signed in.
     */
    patch: operations['patchAuthUsersById']
    trace?: never
  }
  '/api/v1/departments/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List departments
     * @description Departments, each with its number of active users. For everyone who is signed in.
     */
    get: operations['getDepartments']
    put?: never
    /**
     * Create a department
     * @description Names are unique without regard to case. For Admins.
     */
    post: operations['postDepartments']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/departments/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get a department
     * @description For everyone who is signed in.
     */
    get: operations['getDepartmentsById']
    /**
     * Rename a department
     * @description For Admins.
     */
    put: operations['putDepartmentsById']
    post?: never
    /**
     * Delete a department
     * @description 409 `in_use` while people belong to it. For Admins.
     */
    delete: operations['deleteDepartmentsById']
    options?: never
    head?: never
    /**
     * Rename a department
     * @description For Admins.
     */
    patch: operations['patchDepartmentsById']
    trace?: never
  }
  '/api/v1/departments/{id}/transfers/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Move the people of a department
     * @description Moves everyone in this department to another, for example before it is deleted. For Admins.
     */
    post: operations['postDepartmentsByIdTransfers']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/home/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the start page
     * @description The start page: the user's department with up to 8 colleagues, up to 5 people who joined within 90 days, and open tasks. `setup` are the steps of setting an organisation up, for an Admin until all are done. For everyone who is signed in.
     */
    get: operations['getHome']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/invitations/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List invitations
     * @description Invitations with their state, newest first. `expiring` ones are open for less than two more days. `delivery` is what became of the mail. For Admins.
     */
    get: operations['getInvitations']
    put?: never
    /**
     * Invite a person
     * @description Mails a link that works for seven days. For Admins.
     */
    post: operations['postInvitations']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/invitations/accept/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Accept an invitation
     * @description Creates an active account, without signing in.
     */
    post: operations['postInvitationsAccept']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/invitations/bulk/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Invite many people
     * @description Invites at most 500 people, from a list or a CSV text, and reports the result of each. The first line of a CSV names its columns: `email`, and optionally `role` and `department` (by name). `row` is then the number of the row in a spreadsheet. With `dry_run` nothing is changed. For Admins.
     */
    post: operations['postInvitationsBulk']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/invitations/lookup/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Check the link of an invitation
     * @description The data for an invitation's page; it does not use the link up.
     */
    post: operations['postInvitationsLookup']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/invitations/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get an invitation
     * @description For Admins.
     */
    get: operations['getInvitationsById']
    put?: never
    post?: never
    /**
     * Revoke an invitation
     * @description Revokes the invitation; it stays in the list. An accepted or revoked one is 409 `in_use`. For Admins.
     */
    delete: operations['deleteInvitationsById']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/invitations/{id}/resend/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Send an invitation again
     * @description Mails a new link for seven more days; the old link stops working. An accepted or revoked invitation is 409 `in_use`. For Admins.
     */
    post: operations['postInvitationsByIdResend']
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
  '/api/v1/organization/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the organisation
     * @description For everyone who is signed in.
     */
    get: operations['getOrganization']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    /**
     * Change the organisation
     * @description `brand_color` is `#rrggbb` or null; black or white text on it has a contrast of at least 4.5. `language` is the default of users and mails. `allows_support`: whether operators may sign in as one of its users. A change of the rule for second factors needs reauthentication. For Admins.
     */
    patch: operations['patchOrganization']
    trace?: never
  }
  '/api/v1/organization/branding/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the look of the organisation
     * @description The organisation's look, for pages that are shown before sign-in.
     */
    get: operations['getOrganizationBranding']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/organization/logo/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the logo
     * @description Public, because the sign-in page shows it. `size` is the longer side.
     */
    get: operations['getOrganizationLogo']
    /**
     * Replace the logo
     * @description Takes the image as the body, or a form with one part `logo`. For Admins.
     */
    put: operations['putOrganizationLogo']
    post?: never
    /**
     * Remove the logo
     * @description For Admins.
     */
    delete: operations['deleteOrganizationLogo']
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
  '/api/v1/users/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List people
     * @description The directory: Staff see active users, an Admin everyone and every field. `department` is an id, or `none`. The search finds each word anywhere in names and addresses, for an Admin also in `employee_id`, without regard to case and diacritics. For everyone who is signed in.
     */
    get: operations['getUsers']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/users/bulk/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Change many people
     * @description Does one action for at most 100 users, in the given order, by the rules for a single one, and reports the result of each; a refusal does not stop the others. `move` takes a `department` or null, `set_role` a `role`; `send_link` mails a link to set a password. For Admins.
     */
    post: operations['postUsersBulk']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/users/export.csv': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Export people as CSV
     * @description The directory as a CSV file, with the directory's search and filters. For Admins. Needs reauthentication.
     */
    get: operations['getUsersExportCsv']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/users/import/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Import people
     * @description Imports users from a file such as `users/export.csv`, and reports each row that could not be imported. With `dry_run` nothing is changed. For Admins.
     */
    post: operations['postUsersImport']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/users/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get a person
     * @description An Admin also sees the `delivery` of the last mail with a link. For everyone who is signed in.
     */
    get: operations['getUsersById']
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
     * @description Kinds and dates, for an Admin. For Admins.
     */
    get: operations['getUsersByIdFactors']
    put?: never
    post?: never
    /**
     * Remove all of a user's second factors
     * @description For a user who has lost them: they sign in with the password alone, until they add new ones. They are told by mail. For Admins. Needs reauthentication.
     */
    delete: operations['deleteUsersByIdFactors']
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/users/{id}/photo/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get a photo
     * @description The photo of a user whom the caller can see in the directory, cropped to a square. For everyone who is signed in.
     */
    get: operations['getUsersByIdPhoto']
    /**
     * Replace a photo
     * @description Sets the caller's own photo; an Admin can set any user's. Takes the image as the body, or a form with one part `photo`. For everyone who is signed in.
     */
    put: operations['putUsersByIdPhoto']
    post?: never
    /**
     * Remove a photo
     * @description For everyone who is signed in.
     */
    delete: operations['deleteUsersByIdPhoto']
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
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "status": "done",
     *       "detail": "text"
     *     }
     */
    BulkResult: {
      /** Format: uuid */
      id: string
      email: string | null
      /** @enum {string} */
      status: 'done' | 'unchanged' | 'refused'
      detail: string | null
    }
    /**
     * @example {
     *       "results": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "email": "ann@example.com",
     *           "status": "done",
     *           "detail": "text"
     *         }
     *       ]
     *     }
     */
    BulkResults: {
      results: components['schemas']['BulkResult'][]
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
     *       "name": "Acme Ltd",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "updated": "2026-11-29T09:30:00.000Z",
     *       "etag": "\"5f1d7e0c2b9a4c68\"",
     *       "people": 1
     *     }
     */
    Department: {
      /** Format: uuid */
      id: string
      name: string
      /** Format: date-time */
      created: string
      /** Format: date-time */
      updated: string
      etag: string
      people?: number
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
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "first_name": "Ann",
     *       "last_name": "Archer",
     *       "photo": "https://acme.example.com/",
     *       "department": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "name": "Acme Ltd"
     *       },
     *       "role": "Admin",
     *       "employee_id": "E-1042",
     *       "is_active": true,
     *       "date_joined": "2026-11-29T09:30:00.000Z",
     *       "last_login": "2026-11-29T09:30:00.000Z",
     *       "delivery": {
     *         "state": "queued",
     *         "reason": "text"
     *       },
     *       "etag": "\"5f1d7e0c2b9a4c68\""
     *     }
     */
    DirectoryUser: {
      /** Format: uuid */
      id: string
      email: string
      first_name: string
      last_name: string
      photo: string | null
      department: {
        /** Format: uuid */
        id: string
        name: string
      } | null
      role: components['schemas']['Role']
      employee_id?: string | null
      is_active?: boolean
      /** Format: date-time */
      date_joined?: string
      last_login?: string | null
      delivery?: {
        /** @enum {string} */
        state: 'queued' | 'delayed' | 'sent' | 'failed'
        reason: string | null
      } | null
      etag?: string
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
     *       "department": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "name": "Acme Ltd",
     *         "people": 1,
     *         "colleagues": [
     *           {
     *             "id": "01940000-0000-7000-8000-000000000001",
     *             "email": "ann@example.com",
     *             "first_name": "Ann",
     *             "last_name": "Archer",
     *             "photo": "https://acme.example.com/",
     *             "department": {
     *               "id": "01940000-0000-7000-8000-000000000001",
     *               "name": "Acme Ltd"
     *             },
     *             "role": "Admin",
     *             "employee_id": "E-1042",
     *             "is_active": true,
     *             "date_joined": "2026-11-29T09:30:00.000Z",
     *             "last_login": "2026-11-29T09:30:00.000Z",
     *             "delivery": {
     *               "state": "queued",
     *               "reason": "text"
     *             },
     *             "etag": "\"5f1d7e0c2b9a4c68\""
     *           }
     *         ]
     *       },
     *       "newest": [
     *         {
     *           "id": "01940000-0000-7000-8000-000000000001",
     *           "email": "ann@example.com",
     *           "first_name": "Ann",
     *           "last_name": "Archer",
     *           "photo": "https://acme.example.com/",
     *           "department": {
     *             "id": "01940000-0000-7000-8000-000000000001",
     *             "name": "Acme Ltd"
     *           },
     *           "role": "Admin",
     *           "employee_id": "E-1042",
     *           "is_active": true,
     *           "date_joined": "2026-11-29T09:30:00.000Z",
     *           "last_login": "2026-11-29T09:30:00.000Z",
     *           "delivery": {
     *             "state": "queued",
     *             "reason": "text"
     *           },
     *           "etag": "\"5f1d7e0c2b9a4c68\""
     *         }
     *       ],
     *       "tasks": [
     *         {
     *           "task": "name",
     *           "count": 1
     *         }
     *       ],
     *       "setup": [
     *         {
     *           "step": "logo",
     *           "is_done": true
     *         }
     *       ]
     *     }
     */
    Home: {
      department: {
        /** Format: uuid */
        id: string
        name: string
        people: number
        colleagues: components['schemas']['DirectoryUser'][]
      } | null
      newest: components['schemas']['DirectoryUser'][]
      tasks: {
        task: components['schemas']['HomeTask']
        count: number
      }[]
      setup:
        | {
            step: components['schemas']['SetupStep']
            is_done: boolean
          }[]
        | null
    }
    /** @enum {string} */
    HomeTask:
      | 'name'
      | 'photo'
      | 'invitations_expiring'
      | 'invitations_open'
      | 'without_department'
      | 'never_signed_in'
      | 'without_second_factor'
    /**
     * @example {
     *       "created": 1,
     *       "changed": 1,
     *       "unchanged": 1,
     *       "errors": [
     *         {
     *           "row": 1,
     *           "field": "text",
     *           "message": "text"
     *         }
     *       ],
     *       "changes": [
     *         {
     *           "row": 1,
     *           "action": "create",
     *           "email": "ann@example.com",
     *           "fields": {}
     *         }
     *       ],
     *       "ignored_columns": [
     *         "text"
     *       ],
     *       "encoding": "utf-8"
     *     }
     */
    ImportReport: {
      created: number
      changed: number
      unchanged: number
      errors: {
        row: number
        field: string
        message: string
      }[]
      changes: {
        row: number
        /** @enum {string} */
        action: 'create' | 'change'
        email: string
        fields: {
          [key: string]: {
            from: unknown
            to: unknown
          }
        }
      }[]
      ignored_columns: string[]
      /** @enum {string} */
      encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | 'windows-1250' | 'windows-1251' | 'windows-1256'
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "email": "ann@example.com",
     *       "role": "Admin",
     *       "department": "01940000-0000-7000-8000-000000000001",
     *       "state": "open",
     *       "created": "2026-11-29T09:30:00.000Z",
     *       "expires_at": "2026-11-29T09:30:00.000Z",
     *       "accepted_at": "2026-11-29T09:30:00.000Z",
     *       "revoked_at": "2026-11-29T09:30:00.000Z",
     *       "invited_by": "01940000-0000-7000-8000-000000000001",
     *       "department_name": "text",
     *       "inviter_name": "text",
     *       "delivery": {
     *         "state": "queued",
     *         "reason": "text"
     *       }
     *     }
     */
    Invitation: {
      /** Format: uuid */
      id: string
      email: string
      role: components['schemas']['TenantRole']
      department: string | null
      /** @enum {string} */
      state: 'open' | 'accepted' | 'expired' | 'revoked'
      /** Format: date-time */
      created: string
      /** Format: date-time */
      expires_at: string
      accepted_at: string | null
      revoked_at: string | null
      invited_by: string | null
      department_name?: string | null
      inviter_name?: string | null
      delivery?: {
        /** @enum {string} */
        state: 'queued' | 'delayed' | 'sent' | 'failed'
        reason: string | null
      } | null
    }
    /**
     * @example {
     *       "row": 1,
     *       "email": "ann@example.com",
     *       "role": "Admin",
     *       "department_name": "text",
     *       "status": "invited",
     *       "invitation": {
     *         "id": "01940000-0000-7000-8000-000000000001",
     *         "email": "ann@example.com",
     *         "role": "Admin",
     *         "department": "01940000-0000-7000-8000-000000000001",
     *         "state": "open",
     *         "created": "2026-11-29T09:30:00.000Z",
     *         "expires_at": "2026-11-29T09:30:00.000Z",
     *         "accepted_at": "2026-11-29T09:30:00.000Z",
     *         "revoked_at": "2026-11-29T09:30:00.000Z",
     *         "invited_by": "01940000-0000-7000-8000-000000000001",
     *         "department_name": "text",
     *         "inviter_name": "text",
     *         "delivery": {
     *           "state": "queued",
     *           "reason": "text"
     *         }
     *       },
     *       "errors": {}
     *     }
     */
    InvitationResult: {
      row: number
      email: string | null
      role: components['schemas']['TenantRole'] | null
      department_name: string | null
      /** @enum {string} */
      status: 'invited' | 'already_invited' | 'failed'
      invitation: components['schemas']['Invitation'] | null
      errors: {
        [key: string]: string[]
      } | null
    }
    /**
     * @example {
     *       "results": [
     *         {
     *           "row": 1,
     *           "email": "ann@example.com",
     *           "role": "Admin",
     *           "department_name": "text",
     *           "status": "invited",
     *           "invitation": {
     *             "id": "01940000-0000-7000-8000-000000000001",
     *             "email": "ann@example.com",
     *             "role": "Admin",
     *             "department": "01940000-0000-7000-8000-000000000001",
     *             "state": "open",
     *             "created": "2026-11-29T09:30:00.000Z",
     *             "expires_at": "2026-11-29T09:30:00.000Z",
     *             "accepted_at": "2026-11-29T09:30:00.000Z",
     *             "revoked_at": "2026-11-29T09:30:00.000Z",
     *             "invited_by": "01940000-0000-7000-8000-000000000001",
     *             "department_name": "text",
     *             "inviter_name": "text",
     *             "delivery": {
     *               "state": "queued",
     *               "reason": "text"
     *             }
     *           },
     *           "errors": {}
     *         }
     *       ]
     *     }
     */
    InvitationResults: {
      results: components['schemas']['InvitationResult'][]
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
    Language: 'en' | 'ar'
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
     *       "logo": "https://acme.example.com/",
     *       "brand_color": "#0f766e",
     *       "brand_text_color": "#0f766e",
     *       "language": "en",
     *       "name": "Acme Ltd"
     *     }
     */
    NamedBranding: {
      logo: string | null
      brand_color: string | null
      brand_text_color: string | null
      language: components['schemas']['Language'] | null
      name: string
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
     *       "email": "ann@example.com",
     *       "organization": "text",
     *       "role": "Admin",
     *       "department": "text",
     *       "expires_at": "2026-11-29T09:30:00.000Z"
     *     }
     */
    OpenInvitation: {
      email: string
      organization: string
      role: components['schemas']['TenantRole']
      department: string | null
      /** Format: date-time */
      expires_at: string
    }
    /**
     * @example {
     *       "id": "01940000-0000-7000-8000-000000000001",
     *       "name": "Acme Ltd",
     *       "business_email": "ann@example.com",
     *       "business_phone_number": "+44 20 7946 0000",
     *       "subdomain": "acme",
     *       "tenant_id": "text",
     *       "registration": "invite_only",
     *       "registration_domains": [
     *         "text"
     *       ],
     *       "password_min_length": 1,
     *       "language": "en",
     *       "allows_support": true,
     *       "second_factor": "optional",
     *       "second_factor_grace": 1,
     *       "logo": "https://acme.example.com/",
     *       "brand_color": "#0f766e",
     *       "brand_text_color": "#0f766e",
     *       "etag": "\"5f1d7e0c2b9a4c68\""
     *     }
     */
    Organization: {
      /** Format: uuid */
      id: string
      name: string
      business_email: string
      business_phone_number: string
      subdomain: string
      tenant_id: string
      /** @enum {string} */
      registration: 'invite_only' | 'open'
      registration_domains: string[]
      password_min_length: number
      language: components['schemas']['Language'] | null
      allows_support: boolean
      /** @enum {string} */
      second_factor: 'optional' | 'admins' | 'everyone'
      second_factor_grace: number
      logo: string | null
      brand_color: string | null
      brand_text_color: string | null
      etag: string
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
    /** @enum {string} */
    Role: 'Admin' | 'Staff' | 'Support'
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
    /** @enum {string} */
    SetupStep: 'logo' | 'departments' | 'colleagues' | 'second_admin'
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
    /** @enum {string} */
    TenantRole: 'Admin' | 'Staff'
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
     *       "moved": 1
     *     }
     */
    Transfer: {
      moved: number
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
  postAuthSessionSupport: {
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
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          token: string
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
  getDepartments: {
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
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "updated": "2026-11-29T09:30:00.000Z",
           *           "etag": "\"5f1d7e0c2b9a4c68\"",
           *           "people": 1
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Department'][]
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
  postDepartments: {
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
          name: string
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
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "people": 1
           *     }
           */
          'application/json': components['schemas']['Department']
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
  getDepartmentsById: {
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
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "people": 1
           *     }
           */
          'application/json': components['schemas']['Department']
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
  putDepartmentsById: {
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
           *       "name": "Acme Ltd",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "people": 1
           *     }
           */
          'application/json': components['schemas']['Department']
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
  deleteDepartmentsById: {
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
  patchDepartmentsById: {
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
           *       "name": "Acme Ltd",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "updated": "2026-11-29T09:30:00.000Z",
           *       "etag": "\"5f1d7e0c2b9a4c68\"",
           *       "people": 1
           *     }
           */
          'application/json': components['schemas']['Department']
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
  postDepartmentsByIdTransfers: {
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
         *       "department": "01940000-0000-7000-8000-000000000001"
         *     }
         */
        'application/json': {
          department: string
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
           *       "moved": 1
           *     }
           */
          'application/json': components['schemas']['Transfer']
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
  getHome: {
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
           *       "department": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "name": "Acme Ltd",
           *         "people": 1,
           *         "colleagues": [
           *           {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "email": "ann@example.com",
           *             "first_name": "Ann",
           *             "last_name": "Archer",
           *             "photo": "https://acme.example.com/",
           *             "department": {
           *               "id": "01940000-0000-7000-8000-000000000001",
           *               "name": "Acme Ltd"
           *             },
           *             "role": "Admin",
           *             "employee_id": "E-1042",
           *             "is_active": true,
           *             "date_joined": "2026-11-29T09:30:00.000Z",
           *             "last_login": "2026-11-29T09:30:00.000Z",
           *             "delivery": {
           *               "state": "queued",
           *               "reason": "text"
           *             },
           *             "etag": "\"5f1d7e0c2b9a4c68\""
           *           }
           *         ]
           *       },
           *       "newest": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "email": "ann@example.com",
           *           "first_name": "Ann",
           *           "last_name": "Archer",
           *           "photo": "https://acme.example.com/",
           *           "department": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "name": "Acme Ltd"
           *           },
           *           "role": "Admin",
           *           "employee_id": "E-1042",
           *           "is_active": true,
           *           "date_joined": "2026-11-29T09:30:00.000Z",
           *           "last_login": "2026-11-29T09:30:00.000Z",
           *           "delivery": {
           *             "state": "queued",
           *             "reason": "text"
           *           },
           *           "etag": "\"5f1d7e0c2b9a4c68\""
           *         }
           *       ],
           *       "tasks": [
           *         {
           *           "task": "name",
           *           "count": 1
           *         }
           *       ],
           *       "setup": [
           *         {
           *           "step": "logo",
           *           "is_done": true
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['Home']
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
  getInvitations: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in email. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        state?: 'open' | 'expiring' | 'accepted' | 'expired' | 'revoked'
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
           *           "role": "Admin",
           *           "department": "01940000-0000-7000-8000-000000000001",
           *           "state": "open",
           *           "created": "2026-11-29T09:30:00.000Z",
           *           "expires_at": "2026-11-29T09:30:00.000Z",
           *           "accepted_at": "2026-11-29T09:30:00.000Z",
           *           "revoked_at": "2026-11-29T09:30:00.000Z",
           *           "invited_by": "01940000-0000-7000-8000-000000000001",
           *           "department_name": "text",
           *           "inviter_name": "text",
           *           "delivery": {
           *             "state": "queued",
           *             "reason": "text"
           *           }
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['Invitation'][]
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
  postInvitations: {
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
         *       "role": "Admin",
         *       "department": null
         *     }
         */
        'application/json': {
          email: string
          /**
           * @default Staff
           * @enum {string}
           */
          role?: 'Admin' | 'Staff'
          /** @default null */
          department?: string | null
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
           *       "role": "Admin",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "state": "open",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "expires_at": "2026-11-29T09:30:00.000Z",
           *       "accepted_at": "2026-11-29T09:30:00.000Z",
           *       "revoked_at": "2026-11-29T09:30:00.000Z",
           *       "invited_by": "01940000-0000-7000-8000-000000000001",
           *       "department_name": "text",
           *       "inviter_name": "text",
           *       "delivery": {
           *         "state": "queued",
           *         "reason": "text"
           *       }
           *     }
           */
          'application/json': components['schemas']['Invitation']
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
  postInvitationsAccept: {
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
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en",
         *       "password": "violet harbour at dawn",
         *       "re_password": "violet harbour at dawn"
         *     }
         */
        'application/json': {
          token: string
          first_name: string
          last_name?: string
          language?: ('en' | 'ar') | null
          password: string
          re_password?: string
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
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postInvitationsBulk: {
    parameters: {
      query?: {
        dry_run?: 'true' | 'false'
      }
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
         *       "invitations": [
         *         null
         *       ],
         *       "csv": "text"
         *     }
         */
        'application/json': {
          invitations?: unknown[]
          csv?: string
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
           *       "results": [
           *         {
           *           "row": 1,
           *           "email": "ann@example.com",
           *           "role": "Admin",
           *           "department_name": "text",
           *           "status": "invited",
           *           "invitation": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "email": "ann@example.com",
           *             "role": "Admin",
           *             "department": "01940000-0000-7000-8000-000000000001",
           *             "state": "open",
           *             "created": "2026-11-29T09:30:00.000Z",
           *             "expires_at": "2026-11-29T09:30:00.000Z",
           *             "accepted_at": "2026-11-29T09:30:00.000Z",
           *             "revoked_at": "2026-11-29T09:30:00.000Z",
           *             "invited_by": "01940000-0000-7000-8000-000000000001",
           *             "department_name": "text",
           *             "inviter_name": "text",
           *             "delivery": {
           *               "state": "queued",
           *               "reason": "text"
           *             }
           *           },
           *           "errors": {}
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['InvitationResults']
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
  postInvitationsLookup: {
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
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          token: string
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
           *       "email": "ann@example.com",
           *       "organization": "text",
           *       "role": "Admin",
           *       "department": "text",
           *       "expires_at": "2026-11-29T09:30:00.000Z"
           *     }
           */
          'application/json': components['schemas']['OpenInvitation']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getInvitationsById: {
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
           *       "role": "Admin",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "state": "open",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "expires_at": "2026-11-29T09:30:00.000Z",
           *       "accepted_at": "2026-11-29T09:30:00.000Z",
           *       "revoked_at": "2026-11-29T09:30:00.000Z",
           *       "invited_by": "01940000-0000-7000-8000-000000000001",
           *       "department_name": "text",
           *       "inviter_name": "text",
           *       "delivery": {
           *         "state": "queued",
           *         "reason": "text"
           *       }
           *     }
           */
          'application/json': components['schemas']['Invitation']
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
  deleteInvitationsById: {
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
  postInvitationsByIdResend: {
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
           *       "role": "Admin",
           *       "department": "01940000-0000-7000-8000-000000000001",
           *       "state": "open",
           *       "created": "2026-11-29T09:30:00.000Z",
           *       "expires_at": "2026-11-29T09:30:00.000Z",
           *       "accepted_at": "2026-11-29T09:30:00.000Z",
           *       "revoked_at": "2026-11-29T09:30:00.000Z",
           *       "invited_by": "01940000-0000-7000-8000-000000000001",
           *       "department_name": "text",
           *       "inviter_name": "text",
           *       "delivery": {
           *         "state": "queued",
           *         "reason": "text"
           *       }
           *     }
           */
          'application/json': components['schemas']['Invitation']
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
  getOrganization: {
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
           *       "name": "Acme Ltd",
           *       "business_email": "ann@example.com",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "registration": "invite_only",
           *       "registration_domains": [
           *         "text"
           *       ],
           *       "password_min_length": 1,
           *       "language": "en",
           *       "allows_support": true,
           *       "second_factor": "optional",
           *       "second_factor_grace": 1,
           *       "logo": "https://acme.example.com/",
           *       "brand_color": "#0f766e",
           *       "brand_text_color": "#0f766e",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['Organization']
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
  patchOrganization: {
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
         *       "name": "Acme Ltd",
         *       "business_email": "ann@example.com",
         *       "business_phone_number": "+44 20 7946 0000",
         *       "registration": "invite_only",
         *       "registration_domains": [
         *         "text"
         *       ],
         *       "brand_color": "#0f766e",
         *       "password_min_length": 12,
         *       "language": "en",
         *       "allows_support": true,
         *       "second_factor": "optional",
         *       "second_factor_grace": 1
         *     }
         */
        'application/json': {
          name?: string
          business_email?: string
          business_phone_number?: string
          /** @enum {string} */
          registration?: 'invite_only' | 'open'
          registration_domains?: string[]
          brand_color?: string | null
          password_min_length?: number
          language?: ('en' | 'ar') | null
          allows_support?: boolean
          /** @enum {string} */
          second_factor?: 'optional' | 'admins' | 'everyone'
          second_factor_grace?: number
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
           *       "business_email": "ann@example.com",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "registration": "invite_only",
           *       "registration_domains": [
           *         "text"
           *       ],
           *       "password_min_length": 1,
           *       "language": "en",
           *       "allows_support": true,
           *       "second_factor": "optional",
           *       "second_factor_grace": 1,
           *       "logo": "https://acme.example.com/",
           *       "brand_color": "#0f766e",
           *       "brand_text_color": "#0f766e",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['Organization']
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
  getOrganizationBranding: {
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
           *       "logo": "https://acme.example.com/",
           *       "brand_color": "#0f766e",
           *       "brand_text_color": "#0f766e",
           *       "language": "en",
           *       "name": "Acme Ltd"
           *     }
           */
          'application/json': components['schemas']['NamedBranding']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOrganizationLogo: {
    parameters: {
      query?: {
        size?: '64' | '256'
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
          'image/webp': string
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  putOrganizationLogo: {
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
        'multipart/form-data': {
          [key: string]: string
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
           *       "business_email": "ann@example.com",
           *       "business_phone_number": "+44 20 7946 0000",
           *       "subdomain": "acme",
           *       "tenant_id": "text",
           *       "registration": "invite_only",
           *       "registration_domains": [
           *         "text"
           *       ],
           *       "password_min_length": 1,
           *       "language": "en",
           *       "allows_support": true,
           *       "second_factor": "optional",
           *       "second_factor_grace": 1,
           *       "logo": "https://acme.example.com/",
           *       "brand_color": "#0f766e",
           *       "brand_text_color": "#0f766e",
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['Organization']
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
  deleteOrganizationLogo: {
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
  getUsers: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in first_name, last_name, email, employee_id. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        department?: string
        role?: 'Admin' | 'Staff'
        is_active?: 'true' | 'false'
        last_login?: 'never'
        second_factor?: 'none'
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
           *           "department": {
           *             "id": "01940000-0000-7000-8000-000000000001",
           *             "name": "Acme Ltd"
           *           },
           *           "role": "Admin",
           *           "employee_id": "E-1042",
           *           "is_active": true,
           *           "date_joined": "2026-11-29T09:30:00.000Z",
           *           "last_login": "2026-11-29T09:30:00.000Z",
           *           "delivery": {
           *             "state": "queued",
           *             "reason": "text"
           *           },
           *           "etag": "\"5f1d7e0c2b9a4c68\""
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['DirectoryUser'][]
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
  postUsersBulk: {
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
         *       "action": "move",
         *       "ids": [
         *         "01940000-0000-7000-8000-000000000001"
         *       ],
         *       "department": "01940000-0000-7000-8000-000000000001",
         *       "role": "Admin"
         *     }
         */
        'application/json': {
          /** @enum {string} */
          action: 'move' | 'set_role' | 'deactivate' | 'reactivate' | 'send_link'
          ids: string[]
          department?: string | null
          /** @enum {string} */
          role?: 'Admin' | 'Staff'
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
           *       "results": [
           *         {
           *           "id": "01940000-0000-7000-8000-000000000001",
           *           "email": "ann@example.com",
           *           "status": "done",
           *           "detail": "text"
           *         }
           *       ]
           *     }
           */
          'application/json': components['schemas']['BulkResults']
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
  getUsersExportCsv: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in first_name, last_name, email, employee_id. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
        department?: string
        role?: 'Admin' | 'Staff'
        is_active?: 'true' | 'false'
        last_login?: 'never'
        second_factor?: 'none'
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
  postUsersImport: {
    parameters: {
      query?: {
        dry_run?: 'true' | 'false'
        create_departments?: 'true' | 'false'
        encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | 'windows-1250' | 'windows-1251' | 'windows-1256'
      }
      header?: {
        /** @description Such as a UUID. With the same key, the request is done once in 24 hours. */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'text/csv': string
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
           *       "created": 1,
           *       "changed": 1,
           *       "unchanged": 1,
           *       "errors": [
           *         {
           *           "row": 1,
           *           "field": "text",
           *           "message": "text"
           *         }
           *       ],
           *       "changes": [
           *         {
           *           "row": 1,
           *           "action": "create",
           *           "email": "ann@example.com",
           *           "fields": {}
           *         }
           *       ],
           *       "ignored_columns": [
           *         "text"
           *       ],
           *       "encoding": "utf-8"
           *     }
           */
          'application/json': components['schemas']['ImportReport']
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
  getUsersById: {
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
           *       "department": {
           *         "id": "01940000-0000-7000-8000-000000000001",
           *         "name": "Acme Ltd"
           *       },
           *       "role": "Admin",
           *       "employee_id": "E-1042",
           *       "is_active": true,
           *       "date_joined": "2026-11-29T09:30:00.000Z",
           *       "last_login": "2026-11-29T09:30:00.000Z",
           *       "delivery": {
           *         "state": "queued",
           *         "reason": "text"
           *       },
           *       "etag": "\"5f1d7e0c2b9a4c68\""
           *     }
           */
          'application/json': components['schemas']['DirectoryUser']
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
  getUsersByIdPhoto: {
    parameters: {
      query?: {
        size?: '64' | '256'
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
          'image/webp': string
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
  putUsersByIdPhoto: {
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
        'multipart/form-data': {
          [key: string]: string
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
  deleteUsersByIdPhoto: {
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
