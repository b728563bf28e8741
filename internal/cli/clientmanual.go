package cli

// The pages of the commands for any Jellyfin server.

const clientCodes = "Exit codes: 0 done, 1 not done, 2 the arguments are not understood, 3 nobody is signed in or the server does not take the sign-in, 4 no server that is of use answers, 130 interrupted."

const discoverHelp = `Lists the Jellyfin and finlatch servers of the local network, on standard output: name, address and id. Servers answer if discovery is on there and no firewall keeps UDP port 7359 away.

    finlatch discover
    finlatch discover --json | jq -r '.[0].address'
    finlatch discover --ask 192.168.2.255

Nothing proves who answers: look at the address before you type a password for it. Exit codes: 0 some answered, 2 the arguments are not understood, 4 none did, 130 interrupted.`

const loginHelp = `Signs in to a Jellyfin (10.9 or later) or finlatch, and keeps the account for the commands that follow. The address is what people type: scheme, port and path are found out. Without one, the servers of the local network are looked for.

    finlatch login tv.example.org
    finlatch login 192.168.1.2 --user anna < password.txt
    finlatch login --quick-connect

Name and password are asked for at the terminal, the password unseen; without a terminal they are the first lines of standard input, or the first one is the password where --user names the user. A password never is an argument or a variable, where other programs could read it.

With --quick-connect the server gives a code, which is shown large, with a QR code of the page that approves it where the terminal has room. Somebody who is signed in elsewhere approves it: in an app, on that page, or with "finlatch approve". --user NAME then only says whose device it will be.

The token goes to the system's keyring, or, where none runs, into a file that only you can read, in the directory of the configuration. Where it cannot be kept, the device is signed out again. Signing in once more as the same user replaces the account.

` + clientCodes

const approveHelp = `Lets a device sign in as you that shows a Quick Connect code. Where the server tells, as finlatch does, it shows who asks (app, device, address, how long ago) and approves that very request only; a Jellyfin does not tell. It asks before it does anything; without a terminal to ask at, it needs --yes or --deny.

    finlatch approve 123456
    finlatch approve 123456 --deny
    finlatch approve --account kids@tv.example.org

Approve only what you asked for yourself. App and device are what the device says of itself. ` + clientCodes

const whoamiHelp = `Asks the server who is signed in, and prints user, server, address, version and device on standard output.

    finlatch whoami
    finlatch whoami --json | jq -r .user.id

` + clientCodes

const tokenHelp = `Prints the access token of the account in use on standard output, and nothing else. It is as good as a password until it is signed out. The server is not asked whether it still takes it: finlatch whoami does.

    finlatch token
    curl -H "Authorization: MediaBrowser Token=\"$(finlatch token)\"" https://tv.example.org/Users/Me

"finlatch curl" does that without showing the token to other programs. ` + clientCodes

const logoutHelp = `Signs the account in use out: the server ends its token, and it is forgotten here. Where the server does not answer the account stays.

    finlatch logout
    finlatch logout --account anna@tv.example.org
    finlatch logout --forget

` + clientCodes

const accountsHelp = `Lists who is signed in where, on standard output, the account in use first, or chooses another one with --use. An account is called by its user's name, or, where there are several of that name, NAME@SERVER: the server's name, host or address. No server is asked.

    finlatch accounts
    finlatch accounts --use anna@tv.example.org
    finlatch whoami --account ben

` + clientCodes

const devicesHelp = `Lists devices with a token, on standard output: an administrator sees everybody's, others see their own on a finlatch, and a Jellyfin shows them none. --revoke signs one out.

    finlatch devices
    finlatch devices --revoke 5f8d2c0e9b7a4e1d8c3b6a5f4e2d1c0b
    finlatch devices --json | jq -r '.[] | select(.user == "kids") | .id'

` + clientCodes

const sessionsHelp = `Lists the devices that are in use, on standard output: user, app, device, address and when they were last heard of.

    finlatch sessions
    finlatch sessions --json | jq length

` + clientCodes

const curlHelp = `Sends a request to the server of the account in use, signed with its token, and copies the body of the answer to standard output. Only that server gets the token: redirects are not followed.

    finlatch curl /Users/Me
    finlatch curl /Items?limit=3 | jq .
    finlatch curl -X DELETE '/Auth/Keys/HANDLE'
    finlatch curl /Users/Configuration -d @configuration.json
    finlatch curl /Users/Password -d @- < new.json

From a status of 400 on the body is printed as well, and the exit code says that it was refused. ` + clientCodes

const completionHelp = `Prints a script on standard output with which a shell completes the commands, their flags and the values of those.

    source <(finlatch completion bash)
    source <(finlatch completion zsh)
    finlatch completion fish > ~/.config/fish/completions/finlatch.fish

The first two go into ~/.bashrc and ~/.zshrc. Exit codes: 0 printed, 2 the shell is not known.`
