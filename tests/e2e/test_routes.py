"""Every route in every shape: REST in the server's process with both engines, and the gateway in its own
process with the schema from reflection and from a descriptor set."""

import json
import os
import re
import shutil
import subprocess
import unittest

from harness import ProgramTest, connect, eventually, get, read_until_closed, request

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
PROTO = os.path.join(os.path.dirname(__file__), "../../proto")
USERS = [{"id": "1", "name": "John Liu", "role": "sales"},
         {"id": "2", "name": "Bruce Lee", "role": "sales"},
         {"id": "3", "name": "Chuck Norris", "role": "manager"}]


class Routes:
    """The table of routes; the shapes below say what serves them."""

    def get_json(self, target, status=200):
        answer = get(self.port, target)
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/json", answer)
        return answer.json

    def assert_error(self, answer, status, code, message):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/json", answer)
        self.assertEqual(answer.json["code"], code, answer)
        self.assertEqual(answer.json["details"], [], answer)
        self.assertIn(message, answer.json["message"])

    def test_index(self):
        answer = get(self.port, "/")
        self.assertEqual((answer.status, answer.text), (200, "Docking API"))
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))

    def test_info(self):
        info = self.get_json("/info")
        self.assertEqual(info["result"], "success")
        self.assertRegex(info["id"], UUID)

    def test_info_keeps_callers_correlation_id(self):
        answer = get(self.port, "/info", **{"X-Correlation-Id": "Abc-1.2_x"})
        self.assertEqual(answer.json["id"], "Abc-1.2_x")
        self.assertEqual(answer.headers["x-correlation-id"], "Abc-1.2_x")

    def test_bad_correlation_id_is_replaced(self):
        answer = get(self.port, "/info", **{"X-Correlation-Id": "a b"})
        self.assertRegex(answer.json["id"], UUID)
        self.assertEqual(answer.headers["x-correlation-id"], answer.json["id"])

    def test_users(self):
        self.assertEqual(self.get_json("/users"), USERS)
        self.assertEqual(self.get_json("/users?role=sales"), USERS[:2])
        self.assertEqual(self.get_json("/users?role=SALES&name=lee"), USERS[1:2])
        self.assertEqual(self.get_json("/users?name=nobody"), [])
        self.assertEqual(self.get_json("/users/3"), USERS[2])

    def test_unknown_user(self):
        self.assert_error(get(self.port, "/users/9"), 404, 5, "User ID 9 not found")
        self.assert_error(get(self.port, "/users/abc"), 404, 5, "User ID abc not found")

    def test_customers(self):
        self.assertEqual([c["id"] for c in self.get_json("/customers")], ["1", "2", "3", "4", "5"])
        self.assertEqual(self.get_json("/customers?salesId=1"),
                         [{"id": "1", "name": "Andy Ziemmer", "salesId": "1"},
                          {"id": "2", "name": "Michael Jordan", "salesId": "1"}])
        self.assertEqual(self.get_json("/customers?salesId="), [])
        self.assertEqual(self.get_json("/customers?sales_id=2&name=KOBE")[0]["id"], "3")
        self.assertEqual(self.get_json("/customers/4")["name"], "Nick Kamar")

    def test_unknown_customer(self):
        self.assert_error(get(self.port, "/customers/9"), 404, 5, "Customer ID 9 not found")

    def test_unknown_path(self):
        self.assert_error(get(self.port, "/nowhere"), 404, 5, "Not Found")

    def test_wrong_method(self):
        answer = request(self.port, "DELETE", "/users")
        self.assert_error(answer, 501, 12, "Method Not Allowed")
        self.assertIn("GET", answer.headers["allow"])

    def test_bad_page_size_names_the_field(self):
        answer = get(self.port, "/v1/jobs?pageSize=x")
        self.assertEqual((answer.status, answer.json["code"]), (400, 3), answer)
        self.assertRegex(answer.json["message"], r"page_?[sS]ize")

    def test_truncated_json(self):
        answer = request(self.port, "POST", "/v1/jobs", body='{"greeting":{"name":')
        self.assertEqual((answer.status, answer.json["code"]), (400, 3), answer)

    def test_wrong_type_names_the_field(self):
        answer = request(self.port, "POST", "/v1/jobs", body='{"greeting":{"name":7}}')
        self.assertEqual((answer.status, answer.json["code"]), (400, 3), answer)
        self.assertIn("name", answer.json["message"])

    def test_job_from_submit_to_result(self):
        answer = request(self.port, "POST", "/v1/jobs", body='{"greeting":{"name":"Ann"}}',
                         headers={"Content-Type": "application/json"})
        self.assertEqual(answer.status, 202, answer)
        job = answer.json
        self.assertEqual(answer.headers["location"], "/v1/jobs/" + job["id"])
        self.assertRegex(answer.headers["retry-after"], r"^\d+$")
        self.assertEqual((job["kind"], job["state"]), ("greeting", "ACCEPTED"))
        self.assertRegex(job["createTime"], r"^\d{4}-\d\d-\d\dT.*Z$")
        answer = self.poll(answer.headers["location"])
        self.assertEqual(answer.headers["location"], "/v1/jobs/%s/result" % job["id"])
        self.assertEqual(answer.json["state"], "SUCCEEDED")
        result = get(self.port, answer.headers["location"])
        self.assertEqual((result.status, result.headers["content-type"], result.json),
                         (200, "application/json", {"result": "Hello Ann...!"}))

    def test_jobs_are_listed_for_their_caller(self):
        ann = {"Authorization": "Bearer ann"}
        answer = request(self.port, "POST", "/v1/jobs", body='{"greeting":{"name":"Ann"}}', headers=ann)
        listed = get(self.port, "/v1/jobs", **ann).json["jobs"]
        self.assertIn(answer.json["id"], [j["id"] for j in listed])
        self.assertEqual(self.get_json("/v1/jobs")["jobs"], [])

    def poll(self, location):
        """Asks while the answer is 202; the last answer must be a redirect."""
        for _ in range(10000):
            answer = get(self.port, location)
            if answer.status != 202:
                break
        self.assertEqual(answer.status, 302, answer)
        return answer

    def test_unknown_job(self):
        self.assert_error(get(self.port, "/v1/jobs/nothing"), 404, 5, "nothing")
        self.assert_error(get(self.port, "/v1/jobs/nothing/result"), 404, 5, "nothing")

    def test_empty_job_id(self):
        self.assert_error(get(self.port, "/v1/jobs/"), 404, 5, "job ID not found")

    def test_job_without_kind(self):
        answer = request(self.port, "POST", "/v1/jobs", body="{}")
        self.assertEqual((answer.status, answer.json["code"]), (400, 3), answer)

    def test_health_on_the_rest_port(self):
        self.assertEqual(get(self.port, "/healthz").status, 200)

    def test_admin_pages(self):
        get(self.port, "/users")
        self.assertEqual(get(self.admin, "/healthz").status, 200)
        self.assertEqual(get(self.admin, "/readyz").status, 200)
        # Counted when the answer is on its way, which may be after it has arrived.
        counted = re.compile(r'slipway_http_requests_total\{[^}]*route="/users"')
        eventually("the request is counted",
                   lambda: counted.search(get(self.admin, "/metrics").text))

    def test_deadline_from_header(self):
        answer = get(self.port, "/info", **{"Grpc-Timeout": "1n"})
        self.assertEqual((answer.status, answer.json["code"]), (504, 4), answer)

    def test_oversized_body(self):
        # The head alone is enough for the answer, which comes before a body that nobody will read.
        with connect(self.port) as sock:
            sock.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
            self.assertIn(b" 413 ", read_until_closed(sock).split(b"\r\n")[0])


class RestAsync(Routes, ProgramTest):
    ENGINE = "async"

    def setUp(self):
        super().setUp()
        self.server = self.start_server("--info-delay", "10ms", "--http-engine", self.ENGINE)
        self.port, self.admin = self.server.port("REST"), self.server.port("admin")


class RestHttplib(RestAsync):
    ENGINE = "httplib"


class GatewayByReflection(Routes, ProgramTest):
    EXTRA = ()

    def setUp(self):
        super().setUp()
        self.server = self.start_server("--info-delay", "10ms", rest=False)
        self.gateway = self.start_gateway("127.0.0.1:%d" % self.server.port("gRPC"), *self.extra())
        self.port, self.admin = self.gateway.port("REST"), self.gateway.port("admin")
        eventually("routes", lambda: get(self.admin, "/readyz").status == 200)

    def extra(self):
        return ()

    def test_start_report(self):
        self.gateway.wait_for_line(r"services: .*docking\.v1\.Users")
        self.gateway.wait_for_line(r"\b\d+ routes|routes: \d+")


class GatewayByDescriptorSet(GatewayByReflection):
    def extra(self):
        path = os.path.join(self.directory, "api.pb")
        files = ["docking/v1/info.proto", "docking/v1/users.proto", "docking/v1/customers.proto",
                 "slipway/v1/jobs.proto", "slipway/v1/token_jobs.proto",
                 "grpc/health/v1/health.proto"]
        subprocess.run(["protoc", "-I", PROTO, "--include_imports", "--descriptor_set_out", path, *files],
                       check=True)
        return ("--descriptor-set", path)


class GatewayWithItsOwnJobsPath(ProgramTest):
    """The gateway has the jobs elsewhere; the server knows of it or does not."""

    def follow(self, *server_switches):
        server = self.start_server(*server_switches, rest=False)
        gateway = self.start_gateway("127.0.0.1:%d" % server.port("gRPC"), "--jobs-path", "/api/tasks")
        port, admin = gateway.port("REST"), gateway.port("admin")
        eventually("routes", lambda: get(admin, "/readyz").status == 200)
        answer = request(port, "POST", "/api/tasks", body='{"greeting":{"name":"Ann"}}')
        self.assertEqual((answer.status, answer.headers["location"]),
                         (202, "/api/tasks/" + answer.json["id"]), answer)
        job = answer.headers["location"]
        eventually("the job ends", lambda: get(port, job).status == 302)
        result = get(port, get(port, job).headers["location"])
        self.assertEqual((result.status, result.json), (200, {"result": "Hello Ann...!"}))

    def test_locations_lead_to_the_gateway(self):
        self.follow()

    def test_server_with_the_same_path(self):
        self.follow("--rest", "127.0.0.1:0", "--jobs-path", "/api/tasks")


class SeveralListeners(ProgramTest):
    def test_one_server_on_three_ports(self):
        server = self.start_server("--rest", "127.0.0.1:0", "--rest", "127.0.0.1:0")
        ports = server.ports("REST")
        self.assertEqual(len(set(ports)), 3)
        for port in ports:
            self.assertEqual(get(port, "/users/1").json, USERS[0])


@unittest.skipUnless(shutil.which("grpcurl"), "grpcurl is not installed: go install it by its module name")
class Grpcurl(ProgramTest):
    def test_list_describe_and_call(self):
        server = self.start_server("--info-delay", "0", rest=False)
        address = "127.0.0.1:%d" % server.port("gRPC")

        def grpcurl(*args):
            return subprocess.run(["grpcurl", "-plaintext", *args], check=True, text=True,
                                  capture_output=True).stdout

        services = grpcurl(address, "list").split()
        for service in ("docking.v1.Users", "docking.v1.Customers", "docking.v1.Info", "slipway.v1.Jobs",
                        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                        "grpc.channelz.v1.Channelz"):
            self.assertIn(service, services)
        self.assertIn("rpc ListUsers", grpcurl(address, "describe", "docking.v1.Users"))
        self.assertEqual(json.loads(grpcurl("-d", '{"id":"2"}', address, "docking.v1.Users/GetUser")), USERS[1])
        for service in services:
            self.assertIn("service", grpcurl(address, "describe", service))
        self.assertIn("server", grpcurl(address, "grpc.channelz.v1.Channelz/GetServers"))
        self.assertIn("success", grpcurl(address, "docking.v1.Info/GetInfo"))
        self.assertIn("SERVING", grpcurl(address, "grpc.health.v1.Health/Check"))


if __name__ == "__main__":
    unittest.main()
