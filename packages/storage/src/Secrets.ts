/**
 * Masks the values of environment variables that look like secrets, and what looks like one in a URL.
 *
 * A value is masked in every form in which tools repeat it: as it stands, without the leading `?` of a shared access
 * signature, percent-encoded or decoded, the lines of a key of several lines, and the parameters of a query string. Of
 * any URL, whoever made it, user information is masked, and so are signatures, tokens and keys among its parameters.
 */
const secretName = /SAS|TOKEN|KEY|SECRET|PASSW|CREDENTIAL/i

/** Stands for a secret. */
export const mask = "***"

/** Shorter forms would hide ordinary words: they are masked only where they stand alone. */
const shortLength = 4

/** Parts of a value (a line of a key, a parameter of a query) shorter than this are no secret by themselves. */
const partLength = 8

/** Shorter values of variables that this program was started with are taken for a setting. */
const inheritedLength = 8

/**
 * The variables that commands get beside those of their configuration: the environment of this program, as far as it may
 * hold secrets. Paths of files that hold one are none.
 */
const inherited = (environment: NodeJS.ProcessEnv): ReadonlyArray<readonly [name: string, value: string]> =>
  Object.entries(environment).flatMap(([name, value = ""]) =>
    value.length < inheritedLength || /^[~./]/.test(value) ? [] : [[name, value] as const]
  )

/** Masks the secrets of a command: those of its configuration and those that it inherits from this program. */
export const ofCommand = (variables: Iterable<readonly [name: string, value: string]>): ReturnType<typeof make> =>
  make([...inherited(process.env), ...variables])

/**
 * Masks the secrets among these variables in a text. `cut` texts may begin within a secret: that rest is masked too.
 */
export const make = (
  variables: Iterable<readonly [name: string, value: string]>
): (text: string, cut?: boolean) => string => {
  const forms = new Set<string>()
  for (const [name, value] of variables) {
    if (secretName.test(name)) { for (const form of formsOf(value)) forms.add(form) }
  }
  // The longest first, so that a form that contains another is replaced as a whole.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return (text, cut = false) => {
    let masked = cut ? maskRest(text, ordered) : text
    for (const form of ordered) {
      masked = form.length >= shortLength ? masked.replaceAll(form, mask) : maskAlone(masked, form)
    }
    return maskUrls(masked)
  }
}

/** Does a parameter of a URL sign or open something? `sig` is that of a shared access signature. */
export const isSecretParameter = (name: string): boolean => /^sig$|signature|auth/i.test(name) || secretName.test(name)

/** Between `://` and the `@` of the host, and the values of parameters. */
const maskUrls = (text: string): string =>
  text
    .replace(/(:\/\/)[^\s/?#"'<>]+@/g, `$1${mask}@`)
    .replace(/([?&;])([\w.-]+)=([^\s&;#"'<>]+)/g, (whole: string, before: string, name: string) =>
      isSecretParameter(name) ? `${before}${name}=${mask}` : whole)

const formsOf = (value: string): ReadonlyArray<string> => {
  const whole = value.trim()
  if (whole === "") return []
  const bare = whole.replace(/^[?&]/, "")
  const parts = [...whole.split(/[\r\n]+/), ...(bare.includes("=") ? bare.split("&").map(parameterValue) : [])]
    .map((part) => part.trim())
    .filter((part) => part.length >= partLength)
  const plain = [whole, bare, ...parts].filter((form) => form !== "").flatMap((form) => [form, decoded(form)])
  return plain.flatMap((form) => [form, encodeURIComponent(form), encodeURI(form), JSON.stringify(form).slice(1, -1)])
}

const parameterValue = (parameter: string): string => parameter.slice(parameter.indexOf("=") + 1)

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const maskAlone = (text: string, form: string): string => {
  const pattern = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  return text.replace(new RegExp(`(?<![A-Za-z0-9])${pattern}(?![A-Za-z0-9])`, "g"), mask)
}

const maskRest = (text: string, forms: ReadonlyArray<string>): string => {
  for (const form of forms) {
    for (let from = 1; form.length - from >= shortLength; from++) {
      if (text.startsWith(form.slice(from))) return mask + text.slice(form.length - from)
    }
  }
  return text
}
