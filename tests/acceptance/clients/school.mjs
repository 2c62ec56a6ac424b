// matrix-js-sdk as a process that does what it is told: one line of JSON in, one line of JSON out.
//   in:  {"who": "@ida.gross:…", "call": "createRoom", "with": [{…}]}   one of `own` below, or a method of MatrixClient
//   out: {"answer": …} or {"refused": {"status": 403, "body": {…}}} or {"broken": "a stack"}
import { Console } from "node:console";
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

globalThis.console = new Console(process.stderr); // the SDK logs much, and stdout is for answers
globalThis.crypto ??= webcrypto; // Node 18 has it under another name
Promise.withResolvers ??= function () {
    // Node 20 does not have it yet
    const parts = {};
    parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }));
    return parts;
};

const { ClientEvent, MatrixError, PendingEventOrdering, createClient } = await import("matrix-js-sdk");

const clients = new Map();
const joined = (client) => client.getRooms().filter((room) => room.getMyMembership() === "join");

const own = {
    async enter(_, baseUrl, user, password, token) {
        const identifier = { type: "m.id.user", user };
        const byPassword = { type: "m.login.password", identifier, password };
        const request = token ? { type: "m.login.token", token } : byPassword;
        const login = await createClient({ baseUrl }).loginRequest(request);
        const { user_id: userId, device_id: deviceId, access_token: accessToken } = login;
        const client = createClient({ baseUrl, userId, deviceId, accessToken });
        const ready = new Promise((resolve) => {
            client.on(ClientEvent.Sync, (state) => state === "PREPARED" && resolve());
        });
        // Detached, as Element has it: after one message that failed, the next ones of the room are not even tried.
        await client.startClient({ initialSyncLimit: 50, pendingEventOrdering: PendingEventOrdering.Detached });
        await ready;
        clients.set(user, client);
    },

    rooms: (client) =>
        joined(client).map((room) => ({
            id: room.roomId,
            name: room.name,
            is_space: room.isSpaceRoom(),
            is_encrypted: room.hasEncryptionStateEvent(),
            members: room.getJoinedMembers().map((member) => member.userId),
        })),

    invitations: (client) =>
        client.getRooms().filter((room) => room.getMyMembership() === "invite").map((room) => room.roomId),

    // What a room shows: edits in the place of what they edit, and at the end what is not sent yet.
    messages(client, roomId) {
        const room = client.getRoom(roomId);
        if (room === null) return []; // it has not come with a sync yet
        return [...room.getLiveTimeline().getEvents(), ...room.getPendingEvents()]
            .filter((event) => event.getType() === "m.room.message" && !event.isRelation("m.replace"))
            .map((event) => ({
                id: event.getId(),
                sender: event.getSender(),
                words: event.getContent().body,
                first_words: event.getOriginalContent().body,
            }));
    },

    directRooms: (client) => client.getAccountData("m.direct")?.getContent() ?? {},

    // What Element and Cinny do themselves after they have made a direct room.
    async markDirect(client, roomId, userId) {
        const rooms = own.directRooms(client);
        const withThem = new Set(rooms[userId]).add(roomId);
        await client.setAccountData("m.direct", { ...rooms, [userId]: [...withThem] });
    },

    async joinRoom(client, roomId) {
        await client.joinRoom(roomId);
    },
};

async function answerTo({ who, call, with: values }) {
    const client = clients.get(who);
    try {
        const answer = own[call] ? await own[call](client, ...values) : await client[call](...values);
        return { answer: answer ?? null };
    } catch (error) {
        if (error instanceof MatrixError) return { refused: { status: error.httpStatus, body: error.data } };
        return { broken: error.stack };
    }
}

for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answerTo(JSON.parse(line))) + "\n");
}
process.exit(0);
